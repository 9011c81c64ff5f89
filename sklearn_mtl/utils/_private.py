"""Private names of scikit-learn and skorch, which are only imported here.

Each comment lists the versions that have the name, and the fallback if it is removed.
"""

# scikit-learn 0.22 to 1.9; also exported by sklearn.utils. Fallback: array[rows],
# .iloc[rows] for pandas, list comprehension for lists.
from sklearn.utils import _safe_indexing as safe_indexing

# scikit-learn 0.17 to 1.9. Fallback: X.shape[0] where there is a shape, else len(X).
from sklearn.utils.validation import _num_samples as num_samples  # isort: skip

# scikit-learn 1.3 to 1.9. Fallback: check parameters at the start of fit by hand.
from sklearn.base import _fit_context as fit_context  # isort: skip
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

# scikit-learn 0.18 to 1.9. Fallback: get_params and set_params for a list of (name,
# estimator) pairs.
from sklearn.utils.metaestimators import _BaseComposition as BaseComposition  # isort: skip

__all__ = [
    "BaseComposition",
    "HasMethods",
    "Interval",
    "StrOptions",
    "fit_context",
    "num_samples",
    "safe_indexing",
]
