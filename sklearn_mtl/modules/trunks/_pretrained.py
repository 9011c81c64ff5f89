"""Pretrained trunks."""

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
    """Trunk of a fitted net, and the preparation of its inputs.

    Attributes
    ----------
    trunk : nn.Module
        The trunk of all members.
    n_members : int
        Number of members.
    preparation : Preparation
        The fitted preparation of X.
    wants : {"table", "raw"}
        Kind of inputs that the trunk requires.
    """

    trunk: nn.Module
    n_members: int
    preparation: Preparation
    wants: str


class Pretrained(TrunkSpec):
    """A pretrained module, or the trunk of a fitted net, frozen or fine-tuned.

    A module maps (n_rows, ...) to (n_rows, n_hidden) and receives the raw values of X,
    with uint8 scaled to the unit range. The trunk of a fitted net is used together with
    its preparation of X, including imputation, scaling and embedding. X must have the
    same columns. If the trunk has task-specific parts, only the shared part is used.

    Each fit uses a copy, so that the pretrained module does not change. The parameters
    and buffers of a frozen module do not change, and it runs in evaluation mode,
    without dropout and updates of batch statistics.

    All heads use the same representation, the output of the module, which `transform`
    and ``transform_task(kind="input")`` return. "projection" is its projection on the
    row space of the task's head.

    Parameters
    ----------
    module : nn.Module or fitted multi-task net
        Pretrained module or fitted net. A clone of the spec copies a module, but refers
        to the same fitted net.
    frozen : bool or sequence of str, default=True
        Whether to freeze all parameters and buffers; or patterns of their names, such
        as ``["0.*", "layer1.*"]``, to freeze some of them.
    lr : float or None, default=None
        Learning rate of the parameters that are not frozen, subject to the schedule of
        the net. None uses the learning rate of the net, which is high for pretrained
        weights.

    Notes
    -----
    For a module, ``n_members="auto"`` is 1, because its copies would be identical. For
    a fitted net, it is the number of its members, and no other number is allowed.

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

    Use the trunk of a fitted net for a task with few labels:

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
        """Return a spec with the same fitted net, or with a copy of the module."""
        is_module = isinstance(self.module, nn.Module)
        module = copy.deepcopy(self.module) if is_module else self.module
        return type(self)(module, copy.deepcopy(self.frozen), self.lr)

    @property
    def fitted(self) -> Any:
        """The fitted net, or None for a module."""
        model = self.module
        if isinstance(model, FrozenEstimator):
            model = model.estimator
        return model if hasattr(model, "_trained_parts") else None

    @property
    def preparation(self) -> str:  # type: ignore[override]
        """Kind of inputs that the trunk requires."""
        model = self.fitted
        return "raw" if model is None else model._trained_parts().wants

    @property
    def default_n_members(self) -> int:  # type: ignore[override]
        """Value of ``n_members="auto"``: 1, or the number of the fitted net."""
        model = self.fitted
        return 1 if model is None else model._trained_parts().n_members

    def flatten(self, X: Any) -> Any:
        """Return inputs in the format of the fitted net's trunk."""
        model = self.fitted
        trunk = None if model is None else model.trunk
        return trunk.flatten(X) if isinstance(trunk, TrunkSpec) else X

    def build(self, n_features: int, n_members: int, n_tasks: int = 1) -> nn.Module:
        """Copy the module for each member, and freeze parameters and buffers.

        Raises
        ------
        TypeError
            If `module` is neither an nn.Module nor a fitted net.
        ValueError
            If a pattern matches no parameter or buffer, `lr` is not positive, or
            `n_members` differs from that of the fitted net.
        """
        if self.lr is not None and (not isinstance(self.lr, Real) or self.lr <= 0):
            raise ValueError(f"Pretrained: lr must be positive; got {self.lr!r}.")
        if self.fitted is not None:
            return self._build_fitted(n_members)
        if not isinstance(self.module, nn.Module):
            raise TypeError(
                "Pretrained: module must be an nn.Module or a fitted multi-task net; "
                f"got {self.module!r}."
            )
        copies = [copy.deepcopy(self.module) for _ in range(n_members)]
        frozen = self._frozen_names(list(self.module.state_dict()))
        return PretrainedTrunk(copies, frozen, self.lr)

    def _build_fitted(self, n_members: int) -> nn.Module:
        parts = self.fitted._trained_parts()
        if n_members != parts.n_members:
            raise ValueError(
                f"Pretrained: n_members={n_members}, but the fitted "
                f"{type(self.fitted).__name__} has {parts.n_members} members; allowed "
                f"are {parts.n_members} and 'auto'."
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
                    f"Pretrained: frozen has {pattern!r}, which matches none of "
                    f"{names}."
                )
            found |= fits
        return found


class PretrainedTrunk(MemberModules):
    """The module of `Pretrained` with a copy of a module for each member.

    Parameters
    ----------
    modules : sequence of nn.Module
        One copy per member.
    frozen : set of str
        Names of the frozen parameters and buffers.
    lr : float or None
        Learning rate of the other parameters.
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
        """Set the mode of all parts that are not frozen."""
        super().train(mode)
        for member in self.members:
            _keep_in_evaluation(member, self._in_evaluation)
        return self


class FittedTrunk(nn.Module):
    """The module of `Pretrained` with the trunk of a fitted net.

    Parameters
    ----------
    trunk : nn.Module
        Copy of the trunk of all members.
    frozen : set of str
        Names of the frozen parameters and buffers.
    lr : float or None
        Learning rate of the other parameters.
    """

    is_trained = True  # its parameters are not initialised again

    def __init__(self, trunk: nn.Module, frozen: set[str], lr: float | None) -> None:
        super().__init__()
        self.trunk = trunk
        self.optimizer_groups = _groups(lr)
        for parameter in trunk.parameters():  # some may be frozen by an earlier fit
            parameter.requires_grad_(True)
        _freeze(trunk, frozen)
        self._in_evaluation = _wholly_frozen(trunk, frozen)

    def forward(self, x: Tensor) -> Tensor:
        """Return the shared representation."""
        z = self.trunk(x)
        return self.trunk.share(z) if isinstance(self.trunk, TaskTrunk) else z

    def train(self, mode: bool = True) -> FittedTrunk:
        """Set the mode of all parts that are not frozen."""
        super().train(mode)
        _keep_in_evaluation(self.trunk, self._in_evaluation)
        return self


def _groups(lr: float | None) -> list[tuple[str, dict[str, Any]]]:
    """Return the options of the optimiser, without weight decay of biases."""
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
    """Return the names of completely frozen parts, including their submodules."""
    found: set[str] = set()
    for name, part in module.named_modules():
        state = part.state_dict(prefix=f"{name}." if name else "")
        if state and frozen.issuperset(state):
            found.update(inner for inner, _ in part.named_modules(prefix=name))
    return found
