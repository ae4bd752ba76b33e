"""Calendars of elsewhere, by their iCalendar address: what is fetched, and what in them means that somebody is away."""
