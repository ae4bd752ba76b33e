"""Serves the web: a front that holds the browsers, in a process of its own, and threads of the house that answer what it asks."""
