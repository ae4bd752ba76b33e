"""What the network says no to, with its own name for the reason.

Leaves what to do about it to whoever asked.
"""

from sociable.channels.base import ChannelError, LogInRefused


class Refused(ChannelError):
    """The network said no, and would again; `why` is its own name for the reason."""

    def __init__(self, message: str, why: str) -> None:
        super().__init__(message, permanent=True)
        self.why = why


class NotAllowed(LogInRefused):
    """The log-in is good, and this is beyond what its app password may do."""
