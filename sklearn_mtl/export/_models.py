"""Registration of all models that can be exported with `task_values`."""

from sklearn_mtl.export import _decisions as _decisions
from sklearn_mtl.export import _ensembles as _ensembles
from sklearn_mtl.export import _linear as _linear
from sklearn_mtl.export import _nets as _nets
from sklearn_mtl.export import _plain_parts as _plain_parts
from sklearn_mtl.export import _scikit_learn as _scikit_learn
from sklearn_mtl.export._values import task_values

__all__ = ["task_values"]
