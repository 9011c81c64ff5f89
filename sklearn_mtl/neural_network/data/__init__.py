"""From labelled samples to batches."""
