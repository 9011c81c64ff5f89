"""Construction and training of a net."""
