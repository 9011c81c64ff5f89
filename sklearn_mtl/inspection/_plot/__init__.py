"""Pictures of what the functions of this package compute."""
