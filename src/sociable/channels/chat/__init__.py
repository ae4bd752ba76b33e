"""Web chat: heard through our own script on a body's site, answered there."""
