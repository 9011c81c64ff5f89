"""Empirical Bayes: alphas of shared and task-specific parts by marginal likelihood."""
