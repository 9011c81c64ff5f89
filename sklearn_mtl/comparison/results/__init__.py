"""Results of a comparison: scores, gains, intervals and the verdict."""
