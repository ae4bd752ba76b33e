"""Everything Sociable knows of Mastodon and of servers that speak its language."""
