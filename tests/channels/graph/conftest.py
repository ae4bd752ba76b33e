"""Hands the tests here the stand-in for the Graph API; see tests/channels/meta.py."""

from tests.channels.meta import network  # noqa: F401 - a fixture
