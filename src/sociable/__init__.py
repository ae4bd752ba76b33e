"""Sociable keeps a public promise: whoever asks is answered by a person, in the time and the hours stated."""

__version__ = "0.1.0"
