"""Tasks and classes that come to a fitted net, or leave it."""
