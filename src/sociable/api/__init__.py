"""Speaks with other people's programs: the webhooks by which networks call us."""
