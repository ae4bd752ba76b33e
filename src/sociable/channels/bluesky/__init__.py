"""Bluesky, and any other network of the AT Protocol: posts in public and direct messages."""
