"""Questions to the database whose words stay the same: Django words each once, and only what is given differs after that."""
