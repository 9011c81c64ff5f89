"""Allow-list of the classes and functions in saved models."""

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

#: Packages of which all classes are allowed.
OURS = ("sklearn_mtl",)
#: Classes and functions of scikit-learn and skrub in addition to estimators.
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
#: Modules of torch, skorch and torchjd with the classes of the parts of a net.
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
#: Modules whose functions have no side effects, such as writing a file.
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
#: Allowed names of the standard library.
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
#: Modules that are never imported, in any package.
NEVER = ("conftest", "datasets", "externals", "_testing", "_build_utils")
#: Packages and modules that may be imported if a file names them. Modules of other
#: packages must already be imported, because importing some modules runs a program.
IMPORTED = ("sklearn", "sklearn_mtl", "skrub._datetime_encoder", "torchjd")


def name_of(thing: Any) -> str:
    """Return the name of a class or function in saved models, "module:name"."""
    module = getattr(thing, "__module__", None)
    if isinstance(thing, np.ufunc):
        module = "numpy" if hasattr(np, thing.__name__) else "scipy.special"
    name = getattr(thing, "__qualname__", getattr(thing, "__name__", ""))
    return f"{module}:{name}"


class NotAllowedError(Exception):
    """A file names a class or function that is not allowed."""


class Allowed:
    """Classes and functions that a saved model may contain.

    Parameters
    ----------
    trusted : iterable of class or function
        Classes and functions that the caller trusts. They are passed as objects, so
        that a file cannot cause them to be imported.
    """

    def __init__(self, trusted: Iterable[Any] = ()) -> None:
        self.trusted = {name_of(thing): thing for thing in _checked(trusted)}

    def allows(self, thing: Any) -> bool:
        """Return whether a class or function is allowed in a saved model."""
        name = name_of(thing)
        if self.trusted.get(name) is thing:
            return True
        try:
            return self._find(name) is thing
        except NotAllowedError:
            return False

    def find(self, name: str) -> Any:
        """Return the class or function with this name.

        Raises
        ------
        NotAllowedError
            If it is not allowed or does not exist.
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
        """Return whether importing a module is safe."""
        parts = module.split(".")
        if any(part in NEVER or part.startswith(("test", "__")) for part in parts):
            return False
        return parts[0] in IMPORTED or module in IMPORTED or module in sys.modules


def _checked(trusted: Any) -> list[Any]:
    """Return a list of the trusted classes and functions after a type check."""
    if isinstance(trusted, str | type) or not isinstance(trusted, Iterable):
        raise TypeError(
            f"trusted={trusted!r} is not a list. Pass the classes and functions "
            "themselves, such as trusted=[MyTrunk]."
        )
    things = list(trusted)
    for thing in things:
        if not callable(thing) or not hasattr(thing, "__name__"):
            raise TypeError(
                f"trusted contains {thing!r} of class {type(thing).__name__}. Pass the "
                "class or function itself, such as trusted=[MyTrunk], not its name."
            )
    return things


def _import(module: str) -> Any:
    """Return a module, importing it if necessary."""
    if module in sys.modules:
        return sys.modules[module]
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise NotAllowedError(module) from error


def _is_allowed(thing: Any, name: str) -> bool:
    """Return whether the class or function with this name is on the allow-list."""
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
