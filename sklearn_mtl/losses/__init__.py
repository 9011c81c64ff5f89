"""Fused, masked losses of all tasks at once."""

from sklearn_mtl.losses._fused import FusedLoss, split_classes
from sklearn_mtl.losses._layout import OutputLayout

__all__ = ["FusedLoss", "OutputLayout", "split_classes"]
