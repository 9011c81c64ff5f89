"""Records, gains, intervals and the verdict."""
