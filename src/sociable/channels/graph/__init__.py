"""What every network of Meta's Graph API has in common: calls, errors, limits, webhooks and the shape of a private message.

Leaves what a network can do and what its own messages mean to its folder; there is no account of the kind “graph”.
"""
