"""Messages that no adapter brings: copied by hand, or out of a network's export."""
