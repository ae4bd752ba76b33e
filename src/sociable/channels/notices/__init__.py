"""Carries short words to people of staff: by email, text, browser push, and whatever chat their workplace uses."""
