"""What residents see: ask, the private link, the accounts and whether each keeps its promise."""
