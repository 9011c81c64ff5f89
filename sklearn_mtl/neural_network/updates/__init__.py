"""Updates of a fitted net with new samples, and their evaluation."""
