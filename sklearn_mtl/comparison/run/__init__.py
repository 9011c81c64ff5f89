"""The fits of a comparison, and their cache."""
