"""Says from which account an answer must leave, where the one it would leave from is answered from another: news from help, say.

What is done about it is decided in senders; which account judges the clock, in directory/queries.
"""

from __future__ import annotations

from dataclasses import dataclass

from sociable.channels import registry
from sociable.channels.base import AnswersForOthers
from sociable.conversations.models import Conversation, Message, RawInbound
from sociable.directory import queries as directory
from sociable.directory.models import Account, Connection
from sociable.journeys import outbox


@dataclass(frozen=True, slots=True)
class Right:
    """The account that must answer what the `wrong` one heard, whether it can do so where they asked, and does so by itself."""

    account: Account
    wrong: Account
    can: bool
    by_itself: bool = False


def right_of(conversation: Conversation, channel: str, asked: Message | None) -> Right | None:
    """This function will say which account must answer by a channel what an account heard that does not answer itself.

    Shape:  `asked` is what would be answered; None where the account that heard it answers
    """
    if asked is None or not registry.can_send(channel):
        return None
    heard = RawInbound.objects.filter(message=asked).select_related(
        "account__partner", "account__answered_from__partner"
    )
    raw = heard.order_by("-pk").first()
    wrong, here = raw.account if raw is not None else conversation.account, conversation.account
    other = directory.answering(wrong)
    if other is None:
        return None
    account = other if here.pk == wrong.pk else directory.answering(here) or here
    if account.pk == wrong.pk:
        return None
    by_itself = outbox.sending_account(asked).pk == account.pk
    return Right(account, wrong, _can(account, wrong, channel, asked), by_itself)


def _can(account: Account, wrong: Account, channel: str, asked: Message) -> bool:
    adapter = registry.adapter_class(channel)
    if adapter.capabilities.by_mail_server:
        return True
    settings = dict(Connection.objects.filter(account__in=[account, wrong]).values_list("account_id", "settings"))
    if account.channel != channel or account.pk not in settings or not issubclass(adapter, AnswersForOthers):
        return False
    return adapter.answers_for(settings[account.pk], settings.get(wrong.pk, {}), asked.visibility)
