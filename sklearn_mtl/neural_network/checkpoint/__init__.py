"""Checkpoints of the state of training, and resumption after a crash."""
