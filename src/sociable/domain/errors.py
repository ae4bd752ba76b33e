"""The family of refusals that rules raise. What becomes of one (a page, an exit status) is decided where it is caught."""


class DomainError(Exception):
    """A rule said no. `message` is the reason in the words of the person who asked."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
