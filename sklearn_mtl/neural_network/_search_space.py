"""Distributions for a random search over the parameters of a net."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scipy.stats import loguniform, uniform

from sklearn_mtl.modules import Text
from sklearn_mtl.utils._optional import import_optional

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet


__all__ = ["LIBRARIES", "search_space"]

LIBRARIES = ("optuna", "scipy")


@dataclass(frozen=True)
class _Range:
    """An interval of real numbers, uniform or log-uniform."""

    low: float
    high: float
    is_log: bool = False

    def for_scipy(self) -> Any:
        if self.is_log:
            return loguniform(self.low, self.high)
        return uniform(self.low, self.high - self.low)

    def for_optuna(self) -> Any:
        from optuna.distributions import FloatDistribution

        return FloatDistribution(self.low, self.high, log=self.is_log)


@dataclass(frozen=True)
class _Choice:
    """A set of equally likely values."""

    values: tuple[Any, ...]

    def for_scipy(self) -> Any:
        return list(self.values)

    def for_optuna(self) -> Any:
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(self.values)


# The default is the geometric mean of the limits of lr and of weight decay.
_RATE = _Range(1e-3, 1e-2, is_log=True)
_DECAY = _Range(0.03, 3.0, is_log=True)
_DROPOUT = _Range(0.0, 0.4)
_BATCH = _Choice((32, 64, 128, 256))
_WIDTHS = _Choice(((64, 64), (128, 128), (256, 256), (256,), (128, 128, 128)))
_EMBEDDING = _Choice(("auto", None))
_TEXT: dict[str, _Range | _Choice] = {
    "batch_size": _Choice((16, 32, 64)),
    "trunk__dropout": _Range(0.2, 0.6),
    "trunk__embedding_dropout": _Range(0.1, 0.6),
    "trunk__width": _Choice((64, 128, 192)),
    "trunk__word_dropout": _Range(0.0, 0.3),
}
_TEXT_DECAY = _Range(1e-3, 0.1, is_log=True)


def search_space(model: BaseMultiTaskNet, library: str, prefix: str) -> dict[str, Any]:
    """Return distributions for the relevant parameters of this net."""
    if library not in LIBRARIES:
        raise ValueError(
            f"{type(model).__name__}: search_space got library={library!r}; allowed "
            f"are {LIBRARIES}."
        )
    if library == "optuna":
        who = f'{type(model).__name__}.search_space("optuna")'
        import_optional("optuna", extra="search", who=who)
    chosen: dict[str, _Range | _Choice] = {"lr": _RATE, "batch_size": _BATCH}
    is_text = isinstance(model.trunk, Text)
    if model.optimizer == "adamw":
        chosen["weight_decay"] = _TEXT_DECAY if is_text else _DECAY
    if is_text:
        chosen |= _TEXT
    elif model.trunk is None:
        chosen |= {"dropout": _DROPOUT, "numeric_embedding": _EMBEDDING}
        if library == "scipy":  # Optuna stores numbers and strings, but no tuples
            chosen["hidden_layer_sizes"] = _WIDTHS
    elif "trunk__dropout" in model.get_params():
        chosen["trunk__dropout"] = _DROPOUT
    return {
        f"{prefix}{name}": getattr(values, f"for_{library}")()
        for name, values in sorted(chosen.items())
    }
