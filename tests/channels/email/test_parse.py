"""Mail as people, phones, scanners and broken programs send it: all of it is stored and shown."""

import base64
import os
import zlib
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.channels.email import body as body_module
from sociable.channels.email.parse import parse, remote_id
from tests.channels.email.conftest import FETCHED_AT, read

HEAD = "From: Tom <tom@example.test>\nTo: help@leeds.test\nMessage-ID: <1@example.test>\nDate: Mon, 23 Nov 2026 10:00:00 +0000\n"


def mail(text: str = "Hello", **headers: str) -> EmailMessage:
    made = EmailMessage()
    made["From"] = "Tom <tom@example.test>"
    made["Message-ID"] = "<1@example.test>"
    made["Date"] = "Mon, 23 Nov 2026 10:00:00 +0000"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


def test_an_ordinary_mail_is_read_whole() -> None:
    parsed = read(
        HEAD + "Cc: Ann <ANN@Example.Test>\nReply-To: home@example.test\nSubject: Missed =?utf-8?q?caf=C3=A9?= bin\n"
        "In-Reply-To: <0@leeds.test>\nReferences: <a@x.test>\n <0@leeds.test>\n\nPlease come.\n"
    )
    assert (parsed.from_name, parsed.from_address) == ("Tom", "tom@example.test")
    assert parsed.to == ("help@leeds.test",)
    assert parsed.cc == ("ann@example.test",)
    assert parsed.reply_to == "home@example.test"
    assert parsed.subject == "Missed café bin"
    assert parsed.message_id == "<1@example.test>"
    assert not parsed.message_id_made
    assert parsed.in_reply_to == "<0@leeds.test>"
    assert parsed.references == ("<a@x.test>", "<0@leeds.test>")
    assert parsed.text == "Please come.\n"
    assert parsed.problems == ()
    assert parsed.automatic == ""
    assert parsed.may_acknowledge


@pytest.mark.parametrize(
    ("charset", "content", "text"),
    [
        ("utf-8", "Siân".encode(), "Siân"),
        ("iso-8859-1", b"\x93quoted\x94 \xa35", "“quoted” £5"),
        ("us-ascii", "£5".encode(), "£5"),
        ("x-no-such-set", "Siân".encode(), "Siân"),
        ("x-no-such-set", b"caf\xe9", "café"),
        ("rot13", b"uryyb", "uryyb"),
        ("punycode", b"caf\xe9", "café"),
        ("gb2312", "你好".encode("gb18030"), "你好"),
        ("ks_c_5601-1987", "안녕".encode("cp949"), "안녕"),
        ("utf-8", b"caf\xe9 and cr\xe8me", "café and crème"),
        ("utf-8", "long enough Siân Siân Siân Siân".encode()[:-1], "long enough Siân Siân Siân Siâ"),
    ],
)
def test_every_decodable_text_comes_out_right(charset: str, content: bytes, text: str) -> None:
    raw = HEAD.encode() + f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: base64\n\n".encode()
    assert read(raw + base64.b64encode(content)).text == text


def test_an_unknown_charset_is_told() -> None:
    parsed = read(HEAD + "Content-Type: text/plain; charset=klingon-8\n\nHello")
    assert parsed.problems == () or parsed.text == "Hello"
    parsed = read((HEAD + "Content-Type: text/plain; charset=klingon-8\n\n").encode() + b"caf\xe9")
    assert parsed.text == "café"
    assert any("klingon-8" in problem for problem in parsed.problems)


def test_nul_bytes_and_lone_surrogates_never_reach_a_database() -> None:
    parsed = read(b"From: a\x00b <tom@example.test>\nSubject: a\x00b\n\nHel\x00lo \xff\xfe\xed\xa0\x80")
    everything = (parsed.subject, parsed.from_name, parsed.text, *parsed.problems)
    for value in everything:
        assert "\x00" not in value
        value.encode()
    assert "Hello" in parsed.text


@pytest.mark.parametrize(
    ("line", "subject"),
    [
        ("=?utf-8?Q?Caf=C3=A9?= =?utf-8?Q?_au_lait?=", "Café au lait"),
        ("=?utf-8?B?4o" + "I=?= =?utf-8?B?rDU=?=", "€5"),  # one character cut in two words
        ("=?x-unknown?Q?hello?=", "hello"),
        ("=?utf-8?B?!!!?=", ""),
        ("=?utf-8?Q?half", "=?utf-8?Q?half"),
        ("=?iso-8859-1*en?Q?caf=E9?=", "café"),
        ("plain\n folded", "plain folded"),
        ("", ""),
    ],
)
def test_subjects(line: str, subject: str) -> None:
    assert read(f"{HEAD}Subject: {line}\n\nx").subject == subject


def test_raw_bytes_in_headers_are_read() -> None:
    assert read(HEAD.encode() + "Subject: Siân\n\nx".encode()).subject == "Siân"
    assert read(HEAD.encode() + b"Subject: Si\xe2n\n\nx").subject == "Siân"


@pytest.mark.parametrize(
    ("line", "address", "name"),
    [
        ('"Smith, Tom" <Tom@Example.Test>', "tom@example.test", "Smith, Tom"),
        ("tom@example.test (Tom Smith)", "tom@example.test", "Tom Smith"),
        ("=?utf-8?B?U2nDom4=?= <s@example.test>", "s@example.test", "Siân"),
        ("<tom@example.test>tom@example.test", "tom@example.test", ""),
        ("tom@example.test www.example.test", "tom@example.test", ""),
        ("((((((" * 5000 + "tom@example.test", "tom@example.test", ""),
        ("undisclosed-recipients:;", "", ""),
        ("nobody at all", "", ""),
        ("", "", ""),
    ],
)
def test_senders(line: str, address: str, name: str) -> None:
    parsed = read(f"From: {line}\nMessage-ID: <1@x.test>\nDate: Mon, 23 Nov 2026 10:00:00 +0000\n\nx")
    assert (parsed.from_address, parsed.from_name) == (address, name)
    assert bool(address) == (parsed.problems == ())


def test_what_is_missing_is_made_the_same_each_time_and_told() -> None:
    first, again = read("\n\nHelp!"), read("\n\nHelp!")
    assert first.message_id == again.message_id != read("\n\nHelp?").message_id
    assert first.message_id_made
    assert first.sent_at == FETCHED_AT
    assert first.text.strip() == "Help!"
    assert not first.may_acknowledge
    told = " ".join(first.problems)
    assert "no sender" in told
    assert "no Message-ID" in told
    assert "no date" in told


def test_ids_too_long_for_a_database_stay_the_same_on_both_ends() -> None:
    long_id = f"<{'a' * 600}@x.test>"
    sent = read(f"From: a@x.test\nMessage-ID: {long_id}\n\nx")
    answer = read(f"From: b@x.test\nIn-Reply-To: {long_id}\n\nx")
    assert sent.message_id == answer.in_reply_to
    assert len(sent.message_id) <= 250


def test_an_endless_thread_keeps_its_two_ends() -> None:
    ids = [f"<{number}@x.test>" for number in range(5000)]
    parsed = read(HEAD + "References: " + "\n ".join(ids) + "\n\nx")
    assert len(parsed.references) == 100
    assert parsed.references[0] == ids[0]
    assert parsed.references[-1] == ids[-1]


def test_html_alone_becomes_words() -> None:
    source = (
        "<html><head><title>t</title><style>p{}</style></head><body><p>Dear all,</p><ul><li>one<li>two</ul>"
        '<p>See <a href="https://a.test/x">the page</a><br>soon &amp; often</p>'
        "<blockquote><p>You wrote</p></blockquote><script>alert(1)</script></body></html>"
    )
    parsed = read(HEAD + "Content-Type: text/html\n\n" + source)
    assert parsed.text == ("Dear all,\n\n- one\n- two\n\nSee the page (https://a.test/x)\nsoon & often\n\n> You wrote")
    assert parsed.html == source


def test_text_is_preferred_and_the_html_is_kept() -> None:
    made = mail("plain words")
    made.add_alternative("<p>rich words</p>", subtype="html")
    parsed = read(made.as_bytes())
    assert parsed.text == "plain words\n"
    assert parsed.html == "<p>rich words</p>\n"
    assert parsed.attachments == ()


def test_an_empty_text_part_gives_way_to_the_html() -> None:
    made = mail("   ")
    made.add_alternative("<p>rich words</p>", subtype="html")
    assert read(made.as_bytes()).text == "rich words"


def test_text_around_pictures_is_all_kept() -> None:
    raw = HEAD + (
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nbefore\n--b\n"
        "Content-Type: image/png; name=a.png\nContent-Disposition: inline; filename=a.png\n\n\x89PNG\n--b\n"
        "Content-Type: text/plain\n\nafter\n--b--\n"
    )
    parsed = read(raw)
    assert "before" in parsed.text
    assert "after" in parsed.text
    assert [each.name for each in parsed.attachments] == ["a.png"]


def test_flowed_text_is_unwrapped() -> None:
    raw = HEAD + "Content-Type: text/plain; format=flowed\n\nThis is one \nparagraph.\n> quoted \n> words\n-- \nTom\n"
    assert read(raw).text == "This is one paragraph.\n> quoted words\n-- \nTom\n"


def test_attachments_are_named_safely_and_typed_by_content() -> None:
    made = mail()
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + os.urandom(64)
    made.add_attachment(png, maintype="application", subtype="pdf", filename="../../etc/pass\u202ewd.png")
    made.add_attachment(b"<html><script>x</script>", maintype="image", subtype="png", filename="p.png")
    made.add_attachment(b"%PDF-1.7 ...", maintype="application", subtype="octet-stream", filename="letter.pdf")
    made.add_attachment(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR", maintype="text", subtype="calendar", filename="i.ics")
    first, second, third, fourth = read(made.as_bytes()).attachments
    assert (first.name, first.declared_type, first.detected_type) == ("passwd.png", "application/pdf", "image/png")
    assert first.content == png
    assert first.size_bytes == len(png)
    assert second.detected_type == "text/html"
    assert third.detected_type == "application/pdf"
    assert fourth.detected_type == "text/calendar"


def test_a_mail_in_a_mail_a_winmail_and_a_nameless_part_are_kept() -> None:
    inner = mail("inner", Subject="The first letter")
    made = mail()
    made.add_attachment(inner)
    made.add_attachment(
        b"\x78\x9f\x3e\x22" + bytes(20), maintype="application", subtype="ms-tnef", filename="winmail.dat"
    )
    raw = made.as_bytes() + b""
    parsed = read(raw)
    assert [each.name for each in parsed.attachments] == ["The first letter.eml", "winmail.dat"]
    assert b"inner" in parsed.attachments[0].content
    assert any("winmail.dat" in problem for problem in parsed.problems)
    nameless = HEAD + "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjc=\n"
    assert [each.name for each in read(nameless).attachments] == ["attachment-1.pdf"]


def test_parts_behind_a_closing_boundary_are_found() -> None:
    raw = HEAD + (
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nhello\n--b--\n--b\n"
        "Content-Type: image/gif; name=x.gif\n\nGIF89a\n--b--\n"
    )
    parsed = read(raw)
    assert parsed.text.strip() == "hello"
    assert [each.name for each in parsed.attachments] == ["x.gif"]


def nested(depth: int) -> str:
    return "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth))


@pytest.mark.parametrize("depth", [30, 110, 280, 5000])
def test_endless_nesting_ends(depth: int) -> None:
    parsed = read(HEAD + nested(depth) + "Content-Type: text/plain\n\nfound me\n")
    shown = parsed.text + "".join(each.content.decode("utf-8", "replace") for each in parsed.attachments)
    assert "found me" in shown
    assert parsed.from_address == "tom@example.test"
    assert (depth <= 30) == (not parsed.truncated)


def test_a_mail_within_a_mail_without_end_ends() -> None:
    raw = HEAD + "Content-Type: message/rfc822\n\n" * 3000 + "Subject: x\n\nfound me"
    parsed = read(raw)
    assert parsed.from_address == "tom@example.test"
    assert parsed.text or parsed.attachments


def test_parts_without_marks_are_shown_as_they_came() -> None:
    parsed = read(HEAD + "Content-Type: multipart/mixed\n\nno boundary here")
    assert parsed.text == "no boundary here"
    assert any("several parts" in problem for problem in parsed.problems)


@pytest.mark.timeout(60)
def test_25_mb_of_attachments() -> None:
    content = os.urandom(25_000_000)
    made = mail()
    made.add_attachment(content, maintype="application", subtype="octet-stream", filename="scan.bin")
    parsed = read(made.as_bytes())
    assert parsed.attachments[0].content == content
    assert not parsed.truncated


@pytest.mark.timeout(30)
def test_767_kb_of_quoted_text_and_a_text_past_the_bound() -> None:
    quoted = "> You wrote this line before, and again.\n" * 19_000
    assert len(quoted) > 767_000
    parsed = read(HEAD + "\nThanks\n" + quoted)
    assert parsed.text == "Thanks\n" + quoted
    assert not parsed.truncated
    longer = read(HEAD + "\n" + "a" * (body_module.LONGEST_TEXT_CHARS + 10))
    assert longer.truncated
    assert len(longer.text) == body_module.LONGEST_TEXT_CHARS
    assert any("original" in problem for problem in longer.problems)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "raw",
    [
        HEAD + "\n" + "a\n" * 3_000_000,
        HEAD + nested(280) + "a\n" * 1_900_000,
        HEAD + "Content-Type: text/html\n\n" + "<div>" * 100_000 + "found me",
        HEAD + "Content-Type: text/html\n\n" + "<b><p>" * 100_000 + "found me",
        HEAD + "Content-Type: text/html\n\n" + "<" * 1_000_000,
        HEAD + "Content-Type: text/html\n\n" + "<script>" * 100_000,
        HEAD + "Subject: " + "=?utf-8?B?" * 20_000 + "\n\nx",
        HEAD + "To: " + "a@b.test, " * 50_000 + "\n\nx",
        HEAD + "To: " + '"(<' * 20_000 + "\n\nx",
        HEAD + "Received: x\n" * 50_000 + "\nx",
        HEAD + "Content-Type: text/plain; " + "a*0=b; " * 20_000 + "\n\nx",
        HEAD + "Content-Type: text/plain; charset=punycode\n\n" + "a" * 2_000_000,
    ],
    ids=[
        "lines",
        "deep",
        "div",
        "b-p",
        "angles",
        "scripts",
        "words",
        "recipients",
        "quotes",
        "received",
        "parameters",
        "punycode",
    ],
)
def test_what_is_built_to_take_for_ever_does_not(raw: str) -> None:
    assert read(raw).from_address == "tom@example.test"


def test_a_mail_of_endless_lines_costs_no_object_a_line() -> None:
    parsed = read(HEAD + "\n" + "a\n" * 3_000_000)
    assert any("more parts or lines than we follow" in problem for problem in parsed.problems)
    assert parsed.text.startswith("a\na\n")
    assert parsed.truncated


def test_recipients_of_the_envelope_come_first() -> None:
    parsed = read(
        HEAD + "X-Original-To: help@leeds.test\nDelivered-To: team@leeds.test\nDelivered-To: help@leeds.test\n\nx",
        envelope_to=["HELP+r.1@Leeds.Test"],
    )
    assert parsed.delivered_to == ("help+r.1@leeds.test", "help@leeds.test", "team@leeds.test")


def test_the_same_bytes_have_the_same_name_whatever_their_line_ends() -> None:
    assert remote_id(b"a\r\nb\r\n") == remote_id(b"a\nb") == remote_id(b"a\nb\n\n")
    assert remote_id(b"a\nb") != remote_id(b"a\nc")


NAMES = st.sampled_from(
    [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "References",
        "Content-Type",
        "Received",
        "List-Id",
        "Auto-Submitted",
        "Content-Transfer-Encoding",
        "Content-Disposition",
        "Return-Path",
        "Precedence",
        "Reply-To",
        "X-Failed-Recipients",
    ]
)
PIECES = st.one_of(
    st.sampled_from(
        rb"""multipart/mixed; boundary=b|multipart/report; report-type=delivery-status; boundary=b|text/html|=?utf-8?B?|
message/delivery-status|message/rfc822|text/plain; charset=utf-16|base64|x-uuencode|quoted-printable|<a@b>|charset="|;|
attachment; filename*0*=utf-9''%zz|Mon, 99 Foo 99999 99:99 +9999|text/plain; format=flowed|Final-Recipient: rfc822;x@y.z
""".split(b"|")
    ),
    st.sampled_from([b"\x00", b"\xff", b"\xed\xa0\x80", b"\n", b"\n\n", b"\n--b\n"]),
)
LINES = st.builds(
    lambda name, pieces: name.encode() + b": " + b"".join(pieces) + b"\n",
    NAMES,
    st.lists(st.one_of(PIECES, st.binary(max_size=12)), max_size=4),
)
BODIES = st.lists(st.one_of(PIECES, LINES, st.binary(max_size=40)), max_size=12).map(b"".join)


@given(
    st.one_of(
        st.binary(max_size=400), st.builds(lambda head, tail: b"".join(head) + b"\n" + tail, st.lists(LINES), BODIES)
    )
)
def test_nothing_a_stranger_writes_makes_reading_fail(raw: bytes) -> None:
    parsed = parse(raw, fetched_at=FETCHED_AT)
    assert parsed.sent_at <= FETCHED_AT
    assert parsed.message_id.startswith("<")
    assert parsed.automatic == "" or not parsed.may_acknowledge
    assert not any("could not be read" in problem for problem in parsed.problems)
    for value in (
        parsed.text,
        parsed.html or "",
        parsed.subject,
        parsed.from_name,
        *(a.name for a in parsed.attachments),
    ):
        assert "\x00" not in value
        value.encode()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=300))
def test_any_text_in_any_encoding_comes_back(text: str) -> None:
    for charset in ("utf-8", "utf-16"):
        raw = (
            HEAD.encode()
            + f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: base64\n\n".encode()
        )
        assert read(raw + base64.encodebytes(text.encode(charset))).text == text


def test_noise_of_all_kinds_is_read_the_same_twice() -> None:
    noise = zlib.compress(bytes(range(256)) * 40)
    assert parse(noise, fetched_at=FETCHED_AT) == parse(noise, fetched_at=FETCHED_AT)
