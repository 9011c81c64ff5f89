"""Tools that the whole package shares."""
