"""A trunk that was trained before."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from numbers import Real
from typing import Any

from sklearn.frozen import FrozenEstimator
from torch import Tensor, nn

from sklearn_mtl.modules.trunks._spec import MemberModules, TrunkSpec
from sklearn_mtl.modules.trunks._task_trunk import TaskTrunk
from sklearn_mtl.preprocessing import Preparation

__all__ = ["FittedTrunk", "Pretrained", "PretrainedTrunk", "TrainedParts"]


@dataclass(frozen=True)
class TrainedParts:
    """What a fitted net hands on: its trunk, and what X has to be for it.

    Attributes
    ----------
    trunk : nn.Module
        The trunk of all members.
    n_members : int
        Number of members.
    preparation : Preparation
        The fitted preparation of X.
    wants : {"table", "raw"}
        What the trunk wants X to be.
    """

    trunk: nn.Module
    n_members: int
    preparation: Preparation
    wants: str


class Pretrained(TrunkSpec):
    """A module with its weights, or the trunk of a fitted model: frozen or fine-tuned.

    A module maps (n_rows, ...) to (n_rows, n_hidden) and sees the values of X as they
    are, uint8 scaled to the unit range. Of a fitted model the trunk comes with the
    preparation of X: what it imputes, scales and embeds stays as it was, and X must
    have the same columns. Of a trunk with a part for each task the part that all tasks
    share is taken.

    Each fit starts from a copy, so that what was trained never changes. A frozen part
    keeps every bit of its parameters and buffers, and runs as in evaluation: its
    dropout drops nothing, its batch normalisation learns nothing.

    All heads read one representation, which `transform` gives: what the module returns.
    ``transform_task(kind="input")`` gives the same, "projection" that in the row space
    of the task's head.

    Parameters
    ----------
    module : nn.Module or fitted multi-task net
        What was trained. A clone copies a module, and refers to the same model.
    frozen : bool or sequence of str, default=True
        Whether it stays as it is; or patterns, such as ``["0.*", "layer1.*"]``,
        of the names of the parameters and buffers that do.
    lr : float or None, default=None
        Learning rate of what is not frozen; it follows the schedule of the net. None is
        the net's own, which is high for weights that are good already.

    Notes
    -----
    ``n_members="auto"`` is 1 for a module, of which copies would differ only in what
    comes after, and as many as a fitted model has; no other number fits its trunk.

    References
    ----------
    J. Yosinski, J. Clune, Y. Bengio, H. Lipson, "How transferable are features in deep
    neural networks?", NeurIPS 2014.

    Examples
    --------
    >>> from torch import nn
    >>> from sklearn_mtl.modules import Pretrained
    >>> backbone = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 8))
    >>> trunk = Pretrained(backbone, frozen=["0.*"], lr=1e-4)
    >>> module = trunk.build(n_features=10, n_members=1)
    >>> [name for name, p in module.named_parameters() if p.requires_grad]
    ['members.0.2.weight', 'members.0.2.bias']

    The trunk of a model of one's own, for a task with few labels:

    >>> from sklearn_mtl import MultiTaskClassifier
    >>> from sklearn_mtl.datasets import make_multitask_classification
    >>> X, y = make_multitask_classification(n_samples=300, random_state=0)
    >>> first = MultiTaskClassifier(max_epochs=5, random_state=0).fit(X, y[:, :3])
    >>> later = MultiTaskClassifier(trunk=Pretrained(first), random_state=0)
    >>> later.fit(X[:60], y[:60, 3]).predict(X[:2]).shape
    (2,)
    """

    def __init__(
        self,
        module: Any,
        frozen: bool | Sequence[str] = True,
        lr: float | None = None,
    ) -> None:
        self.module = module
        self.frozen = frozen
        self.lr = lr

    def __sklearn_clone__(self) -> Pretrained:
        """Return a copy that refers to the same fitted model, or copies the module."""
        is_module = isinstance(self.module, nn.Module)
        module = copy.deepcopy(self.module) if is_module else self.module
        return type(self)(module, copy.deepcopy(self.frozen), self.lr)

    @property
    def fitted(self) -> Any:
        """The fitted model, None where there is a module."""
        model = self.module
        if isinstance(model, FrozenEstimator):
            model = model.estimator
        return model if hasattr(model, "_trained_parts") else None

    @property
    def preparation(self) -> str:  # type: ignore[override]
        """What the trunk wants X to be."""
        model = self.fitted
        return "raw" if model is None else model._trained_parts().wants

    @property
    def default_n_members(self) -> int:  # type: ignore[override]
        """What ``n_members="auto"`` means: 1, or as many as the fitted model has."""
        model = self.fitted
        return 1 if model is None else model._trained_parts().n_members

    def flatten(self, X: Any) -> Any:
        """Return inputs as the trunk of the fitted model takes them."""
        model = self.fitted
        trunk = None if model is None else model.trunk
        return trunk.flatten(X) if isinstance(trunk, TrunkSpec) else X

    def build(self, n_features: int, n_members: int, n_tasks: int = 1) -> nn.Module:
        """Copy what was trained for each member, and freeze what is to be.

        Raises
        ------
        TypeError
            If there is neither an nn.Module nor a fitted net.
        ValueError
            If a pattern fits no parameter or buffer, `lr` is not positive, or a fitted
            model has another number of members.
        """
        if self.lr is not None and (not isinstance(self.lr, Real) or self.lr <= 0):
            raise ValueError(f"Pretrained: lr must be positive; found {self.lr!r}.")
        if self.fitted is not None:
            return self._build_fitted(n_members)
        if not isinstance(self.module, nn.Module):
            raise TypeError(
                "Pretrained: module must be an nn.Module or a fitted multi-task net; "
                f"found {self.module!r}."
            )
        copies = [copy.deepcopy(self.module) for _ in range(n_members)]
        frozen = self._frozen_names(list(self.module.state_dict()))
        return PretrainedTrunk(copies, frozen, self.lr)

    def _build_fitted(self, n_members: int) -> nn.Module:
        parts = self.fitted._trained_parts()
        if n_members != parts.n_members:
            raise ValueError(
                f"Pretrained: the fitted {type(self.fitted).__name__} has "
                f"{parts.n_members} members, and a net that takes its trunk must have "
                f"as many; found n_members={n_members}. Leave it at 'auto'."
            )
        trunk = copy.deepcopy(parts.trunk)
        frozen = self._frozen_names(list(trunk.state_dict()))
        return FittedTrunk(trunk, frozen, self.lr)

    def _frozen_names(self, names: list[str]) -> set[str]:
        patterns = self.frozen
        if isinstance(patterns, bool):
            patterns = ["*"] if patterns and names else []
        if isinstance(patterns, str):
            patterns = [patterns]
        found: set[str] = set()
        for pattern in patterns:
            fits = {name for name in names if fnmatch(name, pattern)}
            if not fits:
                raise ValueError(
                    f"Pretrained: frozen has {pattern!r}, which fits none of {names}."
                )
            found |= fits
        return found


class PretrainedTrunk(MemberModules):
    """The module of `Pretrained`, a copy for each member.

    Parameters
    ----------
    modules : sequence of nn.Module
        A copy for each member.
    frozen : set of str
        Names of the parameters and buffers that stay as they are.
    lr : float or None
        Learning rate of the others.
    """

    def __init__(
        self, modules: list[nn.Module], frozen: set[str], lr: float | None
    ) -> None:
        super().__init__(modules)
        self.optimizer_groups = _groups(lr)
        for module in modules:
            _freeze(module, frozen)
        self._in_evaluation = _wholly_frozen(modules[0], frozen)

    def train(self, mode: bool = True) -> PretrainedTrunk:
        """Switch to training, but for the parts that are frozen."""
        super().train(mode)
        for member in self.members:
            _keep_in_evaluation(member, self._in_evaluation)
        return self


class FittedTrunk(nn.Module):
    """The trunk of a fitted model, all members in one.

    Parameters
    ----------
    trunk : nn.Module
        A copy of the trunk.
    frozen : set of str
        Names of the parameters and buffers that stay as they are.
    lr : float or None
        Learning rate of the others.
    """

    is_trained = True  # no part of it draws its parameters anew

    def __init__(self, trunk: nn.Module, frozen: set[str], lr: float | None) -> None:
        super().__init__()
        self.trunk = trunk
        self.optimizer_groups = _groups(lr)
        for parameter in trunk.parameters():  # that an earlier fit had frozen
            parameter.requires_grad_(True)
        _freeze(trunk, frozen)
        self._in_evaluation = _wholly_frozen(trunk, frozen)

    def forward(self, x: Tensor) -> Tensor:
        """Return the representation that all tasks share."""
        z = self.trunk(x)
        return self.trunk.share(z) if isinstance(self.trunk, TaskTrunk) else z

    def train(self, mode: bool = True) -> FittedTrunk:
        """Switch to training, but for the parts that are frozen."""
        super().train(mode)
        _keep_in_evaluation(self.trunk, self._in_evaluation)
        return self


def _groups(lr: float | None) -> list[tuple[str, dict[str, Any]]]:
    """Return what the optimiser is asked for; biases do not decay, as elsewhere."""
    if lr is None:
        return []
    return [("*bias", {"lr": lr, "weight_decay": 0.0}), ("*", {"lr": lr})]


def _freeze(module: nn.Module, frozen: set[str]) -> None:
    for name, parameter in module.named_parameters():
        if name in frozen:
            parameter.requires_grad_(False)


def _keep_in_evaluation(module: nn.Module, names: set[str]) -> None:
    for name, part in module.named_modules():
        if name in names:
            part.training = False


def _wholly_frozen(module: nn.Module, frozen: set[str]) -> set[str]:
    """Return the names of parts with nothing to train, and of what is inside them."""
    found: set[str] = set()
    for name, part in module.named_modules():
        state = part.state_dict(prefix=f"{name}." if name else "")
        if state and frozen.issuperset(state):
            found.update(inner for inner, _ in part.named_modules(prefix=name))
    return found
