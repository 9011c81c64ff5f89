"""Building a net, and training it."""
