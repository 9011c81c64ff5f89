"""Methods that act on the gradients, one a file."""
