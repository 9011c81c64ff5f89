"""A trunk that was trained before."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from fnmatch import fnmatch
from numbers import Real
from typing import Any

from torch import nn

from sklearn_mtl.modules.trunks._spec import MemberModules, TrunkSpec

__all__ = ["Pretrained", "PretrainedTrunk"]


class Pretrained(TrunkSpec):
    """Any nn.Module with its weights: frozen, partly frozen or fine-tuned.

    The module maps (n_rows, ...) to (n_rows, n_hidden) and sees the values of X as they
    are, uint8 scaled to the unit range. Each fit starts from a copy of it, so it never
    changes. A frozen part keeps every bit of its parameters and buffers, and runs as in
    evaluation: its dropout drops nothing, its batch normalisation learns nothing.

    All heads read one representation, which `transform` gives: what the module returns.
    ``transform_task(kind="input")`` gives the same, "projection" that in the row space
    of the task's head.

    Parameters
    ----------
    module : nn.Module
        What was trained.
    frozen : bool or sequence of str, default=True
        Whether the module stays as it is; or patterns, such as ``["0.*", "layer1.*"]``,
        of the names of the parameters and buffers that do.
    lr : float or None, default=None
        Learning rate of what is not frozen; it follows the schedule of the net. None is
        the net's own, which is high for weights that are good already.

    Notes
    -----
    ``n_members="auto"`` is 1: copies with the same weights differ only in what comes
    after.

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
    """

    preparation = "raw"
    default_n_members = 1

    def __init__(
        self,
        module: nn.Module,
        frozen: bool | Sequence[str] = True,
        lr: float | None = None,
    ) -> None:
        self.module = module
        self.frozen = frozen
        self.lr = lr

    def build(
        self, n_features: int, n_members: int, n_tasks: int = 1
    ) -> PretrainedTrunk:
        """Copy the module for each member, and freeze what is to be.

        Raises
        ------
        TypeError
            If the module is no nn.Module.
        ValueError
            If a pattern fits no parameter or buffer, or `lr` is not positive.
        """
        if not isinstance(self.module, nn.Module):
            raise TypeError(
                f"Pretrained: module must be an nn.Module; found {self.module!r}."
            )
        if self.lr is not None and (not isinstance(self.lr, Real) or self.lr <= 0):
            raise ValueError(f"Pretrained: lr must be positive; found {self.lr!r}.")
        copies = [copy.deepcopy(self.module) for _ in range(n_members)]
        return PretrainedTrunk(copies, self._frozen_names(), self.lr)

    def _frozen_names(self) -> set[str]:
        names = list(self.module.state_dict())
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
    """The module of `Pretrained`.

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
        self.optimizer_groups: list[tuple[str, dict[str, Any]]] = []
        if lr is not None:
            # as elsewhere, biases do not decay
            options = {"lr": lr}
            self.optimizer_groups = [
                ("*bias", {**options, "weight_decay": 0.0}),
                ("*", options),
            ]
        for module in modules:
            for name, parameter in module.named_parameters():
                if name in frozen:
                    parameter.requires_grad_(False)
        self._in_evaluation = _wholly_frozen(modules[0], frozen)

    def train(self, mode: bool = True) -> PretrainedTrunk:
        """Switch to training, but for the parts that are frozen."""
        super().train(mode)
        for member in self.members:
            for name, part in member.named_modules():
                if name in self._in_evaluation:
                    part.training = False
        return self


def _wholly_frozen(module: nn.Module, frozen: set[str]) -> set[str]:
    """Return the names of parts with nothing to train, and of what is inside them."""
    found: set[str] = set()
    for name, part in module.named_modules():
        state = part.state_dict(prefix=f"{name}." if name else "")
        if state and frozen.issuperset(state):
            found.update(inner for inner, _ in part.named_modules(prefix=name))
    return found
