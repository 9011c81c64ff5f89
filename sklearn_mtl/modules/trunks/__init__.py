"""What tasks share: one trunk a file."""
