"""What texts count for, as one table for the server's counting and the browser's: (scheme, text, count).

Those of X give the texts and figures of its own published conformance cases for weighted counting, put together from their
facts; the families and flags among them are the sequences of one emoji that people type.
"""

from __future__ import annotations

FAMILY = "👨‍👩‍👧‍👦"
TENS = "xxxxxxxxxx-"
POEM = (
    "故人西辞黄鹤楼，烟花三月下扬州。孤帆远影碧空尽，唯见长江天际流。朱雀桥边野草花，乌衣巷口夕阳斜。旧时王谢堂前燕，飞入寻常百姓家。"
    "朝辞白帝彩云间，千里江陵一日还。两岸猿声啼不住，轻舟已过万重山。泪湿罗巾梦不成，夜深前殿按歌声。红颜未老恩先断，斜倚薰笼坐到明。"
    "独在异乡为异客，每逢佳节倍思亲。遥知兄弟登高处，遍插茱萸少一人。"
)
KANA = "あいうえおかきくけこ"
LONG_HOST = "https://" + "somesuperlongurl" * 250 + ".com/foo "
X_PUBLISHED = [
    ("Hi http://test.co", 26),
    ("http://test.co", 23),
    ("285 chars-" + TENS * 25, 285),
    ("285 chars- http://www.twitter.com/jack " + TENS * 24, 299),
    (TENS * 24 + " http://www.twitter.com/jack ", 289),
    ("https://www.twitter.com/aloha " * 10, 240),
    (POEM, 320),
    ("😷" * 160, 320),
    ("the" + POEM, 323),
    ("A\u0301B", 2),
    ("A\ufb2c", 4),
    ("282 chars-" + TENS * 24 + "xxxxxA\u0301x", 281),
    ("H🐱☺" + FAMILY, 7),
    ("😷👾😡🔥💩", 10),
    ("🙋🏽👨‍🎤", 4),
    ("https://test.com", 23),
    ("test.com", 23),
    ("Test https://test.com test https://test.com test.com test", 86),
    ("randomurl" * 7 + "s.com", 68),
    (LONG_HOST * 3 + "https://validurl.com", len(LONG_HOST) * 3 + 23),
    (
        "This is a tweet with general punctuation characters: "
        + "".join(map(chr, range(0x2000, 0x200C)))
        + " ‐ ‑ ‒ – — ― ‖  ‗ ‘ ’ ‚ ‛ “ ” „ ‟ ′ ″ ‴ ‵ ‶ ‷",
        110,
    ),
    (f"{KANA * 12} http://{KANA * 5}あいう.com", 358),
    (f"{KANA * 12} http://{KANA * 5}あい.com", 264),
    (FAMILY * 140, 280),
    ("Unicode 10.0 emoji: 🤪; 🧕; 🧕🏾; 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 34),
    ("Unicode 9.0 emoji: 🤠; 💃; 💃🏾", 29),
    ("ABC\u202a\uffffABC\ufffe", 12),
    ("\u2066\u202ahttp://foobar.پاکستان/\u202c\u2069", 31),
]

CASES: list[tuple[str, str, int]] = [
    *(("x", text, counted) for text, counted in X_PUBLISHED),
    ("x", "Write to bins@example.gov.uk, please.", 37),
    ("x", "See www.example.gov.uk/bins?ward=3#when. Thanks", 4 + 23 + 8),
    ("x", "https://example.notatopleveldomain/a", 36),
    ("x", "https://example.gov.uk/a_(b)_c) end", 23 + 5),
    ("x", "http://under_score.example.com", 23),
    ("x", "http://example.under_score.com", 30),
    ("x", "https://t.co/abc123/def", 23 + 4),
    ("x", "☎️", 2),
    ("x", "© 2026", 6),
    ("x", "©️ 2026", 7),
    ("x", "5️⃣ and 5", 8),
    ("x", "🇬🇧🇫🇷", 4),
    ("x", "", 0),
    ("mastodon", "@bins@example.social yes", 9),
    ("mastodon", "@bins yes", 9),
    ("mastodon", "See https://example.gov.uk/a/very/long/way/to/the/page?and=more, thanks", 4 + 23 + 8),
    ("mastodon", "See example.gov.uk", 18),
    ("mastodon", FAMILY, 1),
    ("characters", FAMILY, 7),
    ("characters", "naïve", 5),
    ("graphemes", FAMILY + "e\u0301🇬🇧", 3),
    ("graphemes", "क्षि", 1),
    ("graphemes", "\r\n", 1),
    ("bytes", FAMILY, 25),
    ("bytes", "Ŵ€£", 7),
    ("sms", "[]{}^\\|~€", 18),
    ("sms", "à è ì ò ù é ö ü", 15),
    ("sms", "It’s “here” – now…", 20),
    ("sms", "Croeso i’r tŷ 🙂", 16),
    ("sms", "£1 in\u00a0cash", 10),
]

DEARER = "âêîôûŵŷÂÊÎÔÛŴŶáíóúýÁÍÓÚÝẁẃẅẀẂẄëïÿËÏŸÈÌÒÙÀ"  # Welsh letters that the plain alphabet of a text message lacks
FREE = "àèìòùéöüÄÖÜÉä"
