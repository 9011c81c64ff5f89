"""Conversion of labelled samples to batches."""
