"""X: mentions and direct messages, fetched or told by X, and the answers to them."""
