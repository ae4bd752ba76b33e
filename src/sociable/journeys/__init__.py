"""One module a journey: each tells how a thing passes through the rooms below, and owns the transaction and the order of stages."""
