"""An Instagram account of a body: comments and mentions in public, direct messages in private."""
