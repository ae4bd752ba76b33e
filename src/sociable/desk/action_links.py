"""Actions on who can read a conversation besides its own staff: another body, the private link, a browser's chat.

What each does is decided by journeys/share and chat.
"""

from __future__ import annotations

from django import forms

from sociable.desk.action import Action, words_field
from sociable.journeys import chat, share
from sociable.people.models import Partner


class ShareIt(Action):
    """Let another body read it."""

    name, title, button, icon = "share", "Share with another body", "Share", "people"
    about = "Their staff can read it, no more. It stays yours to answer."
    partner = forms.ChoiceField(label="With", error_messages={"required": "Choose a body."})
    reason = words_field("Why they need to read it", "It is kept; the resident may ask for it.")

    def prepare(self) -> None:
        others = Partner.objects.exclude(pk=self.conversation.account.partner_id)
        self.fields["partner"].choices = [("", "Choose a body"), *others.values_list("pk", "name")]  # type: ignore[attr-defined]

    def carry_out(self) -> str:
        partner = Partner.objects.get(pk=self.cleaned_data["partner"])
        share.share(self.conversation.pk, partner, self.person, self.cleaned_data["reason"], self.now)
        return f"{partner.name} can read it now."


class EndShare(Action):
    """End another body's reading."""

    name, title, button = "end-share", "Stop sharing", "Stop sharing"
    partner = forms.ModelChoiceField(Partner.objects.all(), widget=forms.HiddenInput)

    def carry_out(self) -> str:
        share.end_share(self.conversation.pk, self.cleaned_data["partner"], self.person, self.now)
        return f"{self.cleaned_data['partner']} can no longer read it."


class NewLink(Action):
    """Replace the private link."""

    name, title, button, icon = "new-link", "New private link", "Make a new link", "refresh"
    about = "The old link stops working at once."

    def carry_out(self) -> str:
        share.renew_link(self.conversation.pk, self.person, self.now)
        return "There is a new private link; the old one no longer works."


class EndLink(Action):
    """End the private link."""

    name, title, button, icon = "end-link", "End the private link", "End the link", "lock"
    about = "Nobody can read or add to this conversation by its link until you make a new one."

    def carry_out(self) -> str:
        share.revoke_link(self.conversation.pk, self.person, self.now)
        return "The private link no longer works."


class EndChatAccess(Action):
    """Shut a browser out of its chat."""

    name, title, button, icon = "end-chat-access", "End the chat's access", "End the access", "lock"
    about = "Their browser can no longer read or write in this chat. The conversation stays, and so does their private link."

    def carry_out(self) -> str:
        chat.revoke(self.conversation.pk, self.person, self.now)
        return "Their browser can no longer read or write in this chat."
