"""How the database is asked and written to: Django words each statement once, and what need not wait for the disk does not."""
