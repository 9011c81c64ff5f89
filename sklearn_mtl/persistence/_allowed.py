"""Which classes and functions a file may name: ours, a few of others, the caller's."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.gaussian_process.kernels import Kernel
from sklearn.model_selection import BaseCrossValidator, BaseShuffleSplit

__all__ = ["Allowed", "NotAllowedError", "name_of"]

#: Packages whose classes may be named, if they are defined there.
OURS = ("sklearn_mtl",)
#: Of scikit-learn and skrub, estimators and a few records that they keep.
RECORDS = {
    "sklearn.ensemble._hist_gradient_boosting.predictor:TreePredictor",
    "sklearn.neural_network._stochastic_optimizers:AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers:SGDOptimizer",
    "sklearn.calibration:_CalibratedClassifier",
    "sklearn.compose._column_transformer:make_column_selector",
    "sklearn.metrics._scorer:_CurveScorer",
    "sklearn.metrics._scorer:_MultimetricScorer",
    "sklearn.metrics._scorer:_PassthroughScorer",
    "sklearn.metrics._scorer:_Scorer",
    "sklearn.tree._tree:Tree",
    "sklearn.utils._bunch:Bunch",
    "sklearn.utils._metadata_requests:MetadataRequest",
    "sklearn.utils._metadata_requests:MethodMetadataRequest",
    "sklearn.utils.validation:check_array",
    "skrub._datetime_encoder:DatetimeEncoder",  # TableInputs keeps one per date column
}
#: Modules of torch, skorch and torchjd with classes that a net is made of.
CLASSES = (
    "torch.nn.modules.",
    "torchjd._linalg.",
    "torchjd.aggregation.",
    "torchjd.scalarization.",
    "torch.optim.",
    "skorch.callbacks.",
    "skorch.dataset",
    "skorch.history",
    "torch.utils.data.dataloader",
)
#: Modules whose functions compute and do nothing else: none that writes a file.
FUNCTIONS = (
    "sklearn.feature_selection.",
    "sklearn.metrics.",
    "sklearn_mtl.losses.",
    "sklearn_mtl.metrics.",
    "sklearn_mtl.model_selection.",
    "sklearn_mtl.modules.",
    "sklearn_mtl.tasks.",
    "skorch.setter",
    "torch.nn.functional",
    "torchjd._linalg.",
)
#: Of Python itself.
BUILTINS = {
    "builtins:bool",
    "builtins:dict",
    "builtins:float",
    "builtins:int",
    "builtins:list",
    "builtins:object",
    "builtins:print",
    "builtins:set",
    "builtins:str",
    "builtins:tuple",
    "collections:OrderedDict",
    "collections:defaultdict",
}
#: Never imported, whatever package they are in.
NEVER = ("conftest", "datasets", "externals", "_testing", "_build_utils")
#: Imported where a file names one of their modules; of other packages only what is
#: imported already, for some of their modules are programs.
IMPORTED = ("sklearn", "sklearn_mtl", "skrub._datetime_encoder", "torchjd")


def name_of(thing: Any) -> str:
    """Return "module:name" of a class or function, as files have it."""
    module = getattr(thing, "__module__", None)
    if isinstance(thing, np.ufunc):
        module = "numpy" if hasattr(np, thing.__name__) else "scipy.special"
    name = getattr(thing, "__qualname__", getattr(thing, "__name__", ""))
    return f"{module}:{name}"


class NotAllowedError(Exception):
    """A file names a class or function that is not allowed."""


class Allowed:
    """The classes and functions that may be built or named.

    Parameters
    ----------
    trusted : iterable of class or function
        The caller's own. They are given as objects, so that a file causes no import.
    """

    def __init__(self, trusted: Iterable[Any] = ()) -> None:
        self.trusted = {name_of(thing): thing for thing in _checked(trusted)}

    def allows(self, thing: Any) -> bool:
        """Return whether a class or function may be in a file."""
        name = name_of(thing)
        if self.trusted.get(name) is thing:
            return True
        try:
            return self._find(name) is thing
        except NotAllowedError:
            return False

    def find(self, name: str) -> Any:
        """Return the class or function of this name.

        Raises
        ------
        NotAllowedError
            If it is not allowed, or there is none.
        """
        return self.trusted[name] if name in self.trusted else self._find(name)

    def _find(self, name: str) -> Any:
        module, _, qualname = name.partition(":")
        if not self._may_be_imported(module) and name not in BUILTINS:
            raise NotAllowedError(name)
        thing: Any = _import(module)
        for part in qualname.split("."):
            thing = vars(thing).get(part)
            if thing is None:
                raise NotAllowedError(name)
        if name_of(thing) != name or not _is_allowed(thing, name):
            raise NotAllowedError(name)
        return thing

    def _may_be_imported(self, module: str) -> bool:
        """Return whether a module is of a package whose import does nothing else."""
        parts = module.split(".")
        if any(part in NEVER or part.startswith(("test", "__")) for part in parts):
            return False
        return parts[0] in IMPORTED or module in IMPORTED or module in sys.modules


def _checked(trusted: Any) -> list[Any]:
    """Return what is trusted, if these are classes and functions."""
    if isinstance(trusted, str | type) or not isinstance(trusted, Iterable):
        raise TypeError(
            f"trusted={trusted!r} is no list. Give the classes and functions "
            "themselves: trusted=[MyTrunk]."
        )
    things = list(trusted)
    for thing in things:
        if not callable(thing) or not hasattr(thing, "__name__"):
            raise TypeError(
                f"trusted has {thing!r}, of class {type(thing).__name__}. Give the "
                "class or function itself, such as trusted=[MyTrunk], and not its name."
            )
    return things


def _import(module: str) -> Any:
    """Return a module, imported if it was not."""
    if module in sys.modules:
        return sys.modules[module]
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise NotAllowedError(module) from error


def _is_allowed(thing: Any, name: str) -> bool:
    """Return whether what a name stands for is on the list."""
    module = name.partition(":")[0]
    if name in BUILTINS or name in RECORDS:
        return True
    if isinstance(thing, type):
        if module.split(".")[0] in OURS or issubclass(thing, np.generic):
            return True
        if module.startswith("sklearn."):
            return _is_estimator(thing)
        return module.startswith(CLASSES) or module in CLASSES
    if isinstance(thing, np.ufunc):
        return True
    if isinstance(thing, FunctionType | BuiltinFunctionType):
        return module.startswith(FUNCTIONS)
    return False


def _is_estimator(cls: type) -> bool:
    """Return whether a class of scikit-learn is an estimator, splitter or kernel."""
    return issubclass(
        cls, BaseEstimator | BaseCrossValidator | BaseShuffleSplit | Kernel
    )
