"""Plots of fitted estimators and of the results of inspection."""
