"""The clock of each request: what was promised, when it is due, whether it was kept."""
