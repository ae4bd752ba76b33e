"""Carries email: in by IMAP or by the built-in mail door, out by SMTP.

Leaves which conversation a mail belongs to, and what starts a wait, to the journeys.
"""
