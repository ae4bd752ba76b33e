"""Decides in which ways a network, or the way to it, can refuse, and what each means for whoever asked.

Leaves what is done about it to the rooms above.
"""

from datetime import timedelta

PAUSE_WHERE_NONE_IS_TOLD = timedelta(minutes=1)


class ChannelError(Exception):
    """Something a network, or the way to it, would not do; `message` is a sentence for people.

    `permanent` means that trying the same thing again cannot help. A refused log-in is not
    permanent: the account shows trouble, keeps trying, and recovers when the password is mended.
    """

    def __init__(self, message: str, permanent: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent


class OutcomeUnknown(ChannelError):
    """The network went quiet after the whole message was handed over: it may have been accepted."""


class RateLimited(ChannelError):
    """The network asks for a pause; `retry_after` is how long, by its own headers, None where it does not say."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    @property
    def pause(self) -> timedelta:
        """How long to wait: as told, else a minute."""
        return self.retry_after or PAUSE_WHERE_NONE_IS_TOLD


class LogInRefused(ChannelError):
    """The network no longer takes what the account logs in with: it expired, was revoked or is wrong. A person must mend it."""


class CallRefused(ChannelError):
    """A call to our webhook that the network did not make, or that cannot be read; `status` is the HTTP status it gets."""

    def __init__(self, message: str, status: int = 403) -> None:
        super().__init__(message, permanent=True)
        self.status = status


class SettingsRefused(ChannelError):
    """An account's settings cannot work; `problems` holds a sentence for each field."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()), permanent=True)
        self.problems = problems
