"""Save fitted models in one file that runs nothing when it is loaded."""

from sklearn_mtl.persistence._save import load, save

__all__ = ["load", "save"]
