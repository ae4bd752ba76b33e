"""The example: an invented partnership with a fortnight of requests, so that a new installation can be tried at once.

It goes through the real journeys, and is refused wherever the installation is meant for real people.
"""

from sociable.config.example.guarding import refusal
from sociable.config.example.loading import PASSWORD, Loaded, load, logins

__all__ = ["PASSWORD", "Loaded", "load", "logins", "refusal"]
