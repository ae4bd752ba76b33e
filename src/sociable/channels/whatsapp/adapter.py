"""Puts a WhatsApp number behind the contract every channel keeps: heard by webhook, answered by the Cloud API.

Leaves reading events to `parse`, approved messages to `templates`, and what the networks of Meta share to `graph`. WhatsApp
has no way to ask for what was missed: what its webhook could not deliver, it tries again itself, for up to seven days.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, ClassVar

from sociable.channels.base import (
    Call,
    Capabilities,
    ChannelError,
    Finding,
    Heard,
    OneAccount,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    Setting,
    Template,
    Who,
    nothing,
)
from sociable.channels.graph import token
from sociable.channels.graph.call import Graph
from sociable.channels.graph.hearing import hear as hear_call
from sociable.channels.graph.reading import Node, many, named, words
from sociable.channels.whatsapp import templates
from sociable.channels.whatsapp.config import SETTINGS, WhatsAppConfig
from sociable.channels.whatsapp.parse import LISTS, moment, number_of, remote_id
from sociable.channels.whatsapp.parse import parse as parse_event

MEBIBYTE_BYTES = 1024 * 1024
PERMISSIONS = ("whatsapp_business_management", "whatsapp_business_messaging")
LONGEST_CAPTION_CHARS = 1024
# What goes as a picture, recording or film; anything else, and anything larger, goes as a document.
AS_ITSELF = {
    "image/jpeg": ("image", 5),
    "image/png": ("image", 5),
    "video/mp4": ("video", 16),
    "video/3gpp": ("video", 16),
    "audio/aac": ("audio", 16),
    "audio/mp4": ("audio", 16),
    "audio/mpeg": ("audio", 16),
    "audio/amr": ("audio", 16),
    "audio/ogg": ("audio", 16),
}


class WhatsAppAdapter(OneAccount[WhatsAppConfig]):
    """One WhatsApp number."""

    kind: ClassVar[str] = "whatsapp"
    name: ClassVar[str] = "WhatsApp"
    icon: ClassVar[str] = "chat"
    capabilities: ClassVar[Capabilities] = Capabilities(
        longest_text=4096,
        private=True,
        threads=True,
        most_parts=5,
        attachments_bytes=100 * MEBIBYTE_BYTES,
        attachments_most=10,
        reply_window=timedelta(hours=24),
        templates=True,
        ids_of_network=True,
        source="WhatsApp Cloud API v23.0: text 4,096 characters, documents 100 MB, pictures 5 MB, recordings and films 16 MB, "
        "customer service window 24 hours, then approved templates",
        as_of_on=date(2026, 11, 27),
    )
    settings: ClassVar[tuple[Setting, ...]] = SETTINGS
    configured = WhatsAppConfig.from_dict
    read = staticmethod(parse_event)

    def __init__(self, config: WhatsAppConfig) -> None:
        super().__init__(config)
        self._graph = Graph(config.graph)

    def hear(self, call: Call) -> Heard:
        """Make sure that Meta made this call, and split it into single events.

        Errors: CallRefused
        """
        return hear_call(call, self.config.graph, lists=LISTS, remote_id=remote_id, moment=moment, to_account=number_of)

    def send(self, outgoing: Outgoing, before_handover: Callable[[], None] = nothing) -> Receipt:
        """Send words and files while they may be written to freely, or an approved template at any time.

        Errors: ChannelError, permanent for a refusal for good; OutcomeUnknown where WhatsApp may have it
        """
        messages = self._messages(outgoing)
        first = self._hand_over(outgoing, messages[0], before_handover)
        for message in messages[1:]:
            try:
                self._hand_over(outgoing, message)
            except (OutcomeUnknown, ChannelError) as error:
                sentence = f"A part was sent; a file after it perhaps was not. {error.message}"
                raise ChannelError(sentence, permanent=True) from error
        taken: Node = next(iter(many(first, "messages")), {})
        held = words(taken, "message_status") not in ("", "accepted")
        detail = "WhatsApp holds it back to look at it." if held else "WhatsApp took it."
        return Receipt("accepted", named(self.kind, words(taken, "id")), detail, reply_ref={"person": _to(outgoing)})

    def find(self, outgoing: Outgoing) -> Receipt | None:
        """Say that WhatsApp cannot be asked: its delivery report, which carries our key, tells by itself.

        Errors: ChannelError, permanent
        """
        raise ChannelError(
            "WhatsApp cannot be asked what became of it. If it was sent, its delivery report will say so here.",
            permanent=True,
        )

    def download(self, ref: str, limit_bytes: int) -> bytes:
        """Return a file by its id: WhatsApp names an address that holds for five minutes."""
        if not ref.isdecimal():
            raise ChannelError("The file's id cannot be read.", permanent=True)
        file = self._graph.get(ref, phone_number_id=self.config.phone_number_id)
        size = words(file, "file_size")
        if size.isdecimal() and int(size) > limit_bytes:
            raise ChannelError(f"It is larger than the {limit_bytes // MEBIBYTE_BYTES} MB taken here.", permanent=True)
        return self._graph.download(words(file, "url"), limit_bytes, with_token=True)

    def templates(self) -> list[Template]:
        """Return the approved messages that can be filled in here."""
        nodes = self._graph.pages(f"{self.config.waba_id}/message_templates", limit=100)
        return [template for node in nodes if (template := templates.read(node)) is not None]

    def who(self) -> Who:
        """Ask WhatsApp which number this is, and until when the token works."""
        node = self._graph.get(self.config.phone_number_id, fields="id,display_phone_number,verified_name")
        told, shown = token.token(self._graph), words(node, "display_phone_number")
        return Who(
            network_id=words(node, "id"),
            handle=shown,
            link=f"https://wa.me/{''.join(char for char in shown if char.isdecimal())}",
            expires_at=told.expires_at if told else None,
        )

    def check(self) -> list[Finding]:
        """Say whether the number answers, the token may do what is needed, and WhatsApp calls our webhook."""
        try:
            who = self.who()
        except ChannelError as error:
            return [Finding(ok=False, what=error.message, mend="Check the phone number ID and the access token.")]
        return [
            Finding(ok=True, what=f"The number {who.handle} answers."),
            *token.findings(self._graph, PERMISSIONS),
            self._subscription(),
            self._templates_found(),
        ]

    def close(self) -> None:
        """Let go of the connection."""
        self._graph.close()

    def _subscription(self) -> Finding:
        """A business account sends its events to an app that it was told of; that is done here where it is missing."""
        path = f"{self.config.waba_id}/subscribed_apps"
        try:
            if not many(self._graph.get(path), "data"):
                self._graph.post(path, {}, handed_over=False)
        except ChannelError as error:
            mend = (
                "Give the token the permission whatsapp_business_management, and add the webhook in the app's settings."
            )
            return Finding(ok=False, what=error.message, mend=mend)
        return Finding(ok=True, what="WhatsApp sends this account's messages to your app.")

    def _templates_found(self) -> Finding:
        try:
            found = len(self.templates())
        except ChannelError as error:
            return Finding(ok=False, what=error.message, mend="Check the WhatsApp Business account ID.")
        if not found:
            what = "There is no approved template that can be filled in here: after 24 hours nobody can be answered."
            return Finding(
                ok=False, what=what, mend="Make one in WhatsApp Manager, of words alone, and wait for approval."
            )
        return Finding(ok=True, what=f"Approved templates that can be filled in here: {found}.")

    def _messages(self, outgoing: Outgoing) -> list[dict[str, Any]]:
        if outgoing.template:
            return [{"type": "template", "template": templates.message(outgoing.template)}]
        files = [self._hand_in(file) for file in outgoing.attachments]
        if files and outgoing.text and self._fits_under(files[0], outgoing.text):
            kind, about = files[0]
            files[0] = (kind, {**about, "caption": outgoing.text})
        elif outgoing.text:
            files.insert(0, ("text", {"body": outgoing.text, "preview_url": False}))
        if not files:
            raise ChannelError("There is nothing in it to send.", permanent=True)
        return [{"type": kind, kind: about} for kind, about in files]

    def _fits_under(self, file: tuple[str, dict[str, Any]], text: str) -> bool:
        """Words under a picture or document are one message with it: both arrive or neither does."""
        return file[0] != "audio" and len(text) <= LONGEST_CAPTION_CHARS

    def _hand_in(self, file: tuple[str, str, bytes]) -> tuple[str, dict[str, Any]]:
        """Return the kind of a file and what names it; nobody sees it yet."""
        name, content_type, content = file
        kind, most = AS_ITSELF.get(content_type, ("document", 100))
        if len(content) > most * MEBIBYTE_BYTES:
            kind = "document"
        taken = self._graph.post(
            f"{self.config.phone_number_id}/media",
            {"messaging_product": "whatsapp"},
            files=(("file", (name, content, content_type)),),
            handed_over=False,
        )
        named = {"filename": name} if kind == "document" else {}
        return kind, {"id": words(taken, "id"), **named}

    def _hand_over(
        self, outgoing: Outgoing, message: dict[str, Any], before_handover: Callable[[], None] = nothing
    ) -> Node:
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": _to(outgoing),
            **message,
            "biz_opaque_callback_data": outgoing.message_id,
        }
        return self._graph.post(f"{self.config.phone_number_id}/messages", body, before_handover=before_handover)


def _to(outgoing: Outgoing) -> str:
    person = str(outgoing.reply_ref.get("person") or (outgoing.to[0] if outgoing.to else ""))
    if not person:
        raise ChannelError("Nobody is named to whom it should go.", permanent=True)
    return person.removeprefix("+")
