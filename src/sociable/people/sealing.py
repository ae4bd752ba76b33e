"""Encrypts what a database and its backups must not show: passwords of mailboxes, keys of authenticator apps."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet
from django.conf import settings


def box(purpose: str) -> Fernet:
    """This function will return what seals and opens secrets of one purpose, with the installation's key."""
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()))
