"""Strengths of shared and own parts that the data give: empirical Bayes."""
