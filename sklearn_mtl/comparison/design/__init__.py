"""Design of a comparison: inputs, targets, models, splits and scores."""
