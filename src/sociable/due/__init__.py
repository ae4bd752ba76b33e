"""Rows that say what is to be done and when: claimed with a lease, fenced by attempts, never lost."""
