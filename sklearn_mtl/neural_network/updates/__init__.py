"""Bring a fitted net up to date with new samples, and judge it by held-out ones."""
