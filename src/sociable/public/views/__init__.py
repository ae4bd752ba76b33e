"""One module for each thing a resident comes for: to ask, to see what became of it, to look an account up, to read the rules."""
