"""What the public is told: accounts, their stated hours, their promises, and how each is connected."""
