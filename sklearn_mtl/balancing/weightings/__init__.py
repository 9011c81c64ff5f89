"""Methods that act on the losses, one a file."""
