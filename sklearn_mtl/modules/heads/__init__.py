"""What a task has of its own: one head a file."""
