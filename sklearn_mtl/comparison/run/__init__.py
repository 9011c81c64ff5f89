"""Fits of a comparison, and their cache."""
