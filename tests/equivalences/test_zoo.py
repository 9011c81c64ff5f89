"""The zoo holds every public estimator, so that no shared property leaves one out."""

import importlib
import inspect
import pkgutil

import sklearn_mtl
from sklearn_mtl.neighbors import NeighborRetriever
from tests.zoo import RETRIEVERS, predictors


def public_estimators():
    """Return the public classes that fit on X and y and then predict or retrieve."""
    found = set()
    for room in pkgutil.iter_modules(sklearn_mtl.__path__, "sklearn_mtl."):
        module = importlib.import_module(room.name)
        for name in getattr(module, "__all__", []):
            made = getattr(module, name)
            answers = hasattr(made, "predict") or hasattr(made, "retrieve")
            if inspect.isclass(made) and hasattr(made, "fit") and answers:
                found.add(made)
    return found


def test_every_public_estimator_is_in_the_zoo():
    kept = {type(make()) for make in [*predictors().values(), *RETRIEVERS.values()]}
    assert NeighborRetriever in kept
    assert public_estimators() == kept
