"""What a trunk spec is, and how any trunk becomes one module for all members."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from sklearn.base import BaseEstimator
from torch import Generator, Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from sklearn_mtl.modules._borrowed import drawing_from
from sklearn_mtl.modules._linear import RandomPart, draw_parameters

__all__ = ["MemberModules", "TrunkSpec", "build_trunk"]


class TrunkSpec(BaseEstimator, ABC):
    """Base of the trunk specs: searchable parameters that build an nn.Module.

    A spec holds sizes and choices, never weights, so that clone, get_params and grid
    search see ordinary parameters (`trunk__dropout`).

    A subclass defines `build`, which makes the module of all members at once. Parts of
    PyTorch with parameters or random numbers would be the same for all members and draw
    from the global generator: take `MemberLinear` and `MemberDropout`, or parameters
    with the members first that a method ``draw(generators)`` fills. To write the module
    of one member in plain PyTorch, give the estimator no spec but a callable; it may be
    a BaseEstimator with parameters, and have the two attributes below. `check_trunk`
    checks either.

    Attributes
    ----------
    preparation : {"table", "raw"}
        "table": inputs are imputed, standardised and clipped. "raw": values as they
        are; uint8 is scaled to the unit range.
    default_n_members : int
        What ``n_members="auto"`` means with this trunk.
    default_weight_decay : float
        What ``weight_decay="auto"`` means for the optimiser "adamw".
    largest_batch : int
        Bound of what ``batch_size="auto"`` chooses.
    n_steps, least_epochs : int
        ``max_epochs="auto"`` makes so many steps, but at least so many epochs.
    holds_out : bool
        Whether ``early_stopping="auto"`` holds samples out.
    """

    preparation = "table"
    default_n_members = 8
    default_weight_decay = 0.3
    largest_batch = 256
    n_steps = 800
    least_epochs = 12
    holds_out = True

    @abstractmethod
    def build(self, n_features: int, n_members: int, n_tasks: int = 1) -> nn.Module:
        """Build the module, with parameters that are drawn later.

        Parameters
        ----------
        n_features : int
            Number of prepared columns.
        n_members : int
            Number of independent members.
        n_tasks : int, default=1
            Number of tasks with a head, for trunks with a part for each.

        Returns
        -------
        nn.Module
            A `TaskTrunk`; or one that maps (n_members, n_rows, n_features) to
            (n_members, n_rows, n_hidden), from which all heads read. A part of either
            may ask for options of the optimiser, "lr" or "lr_factor" (times that of the
            net) among them, by an attribute `optimizer_groups`: pairs of a pattern of
            parameter names and a dict.
        """

    def flatten(self, X: Any) -> Any:
        """Return inputs whose rows have a shape that the trunk knows as flat rows.

        Parameters
        ----------
        X : object
            Inputs, not validated.

        Returns
        -------
        object
            X itself, unless the trunk says otherwise.
        """
        return X


class MemberModules(RandomPart):
    """Independent copies of a user's module, one a member.

    What they draw while they train comes from the members' generators.

    Parameters
    ----------
    modules : sequence of nn.Module
        Each maps (n_rows, ...) to (n_rows, n_hidden).
    """

    def __init__(self, modules: list[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(modules)

    def forward(self, x: Tensor) -> Tensor:
        """Apply each member to its own rows."""
        if len(self.members) == 1:
            return self._apply_member(0, x[0]).unsqueeze(0)
        return torch.stack([self._apply_member(m, rows) for m, rows in enumerate(x)])

    def _apply_member(self, m: int, rows: Tensor) -> Tensor:
        if not self.training or self.generators is None:
            return self.members[m](rows)
        with drawing_from(self.generators[m]):
            return self.members[m](rows)


def build_trunk(
    trunk: TrunkSpec | nn.Module | Callable[[int], nn.Module],
    n_features: int,
    generators: list[Generator],
    n_tasks: int,
    who: str,
) -> nn.Module:
    """Return the trunk of all members, with its initial parameters drawn."""
    if isinstance(trunk, TrunkSpec):
        # Parts of torch's own draw when they are made.
        with drawing_from(_copy_of(generators[0])):
            # A spec may keep the module that it returns, which must not be trained.
            module = copy.deepcopy(trunk.build(n_features, len(generators), n_tasks))
        if not isinstance(module, nn.Module):
            raise TypeError(
                f"{who}: {type(trunk).__name__}.build must return an nn.Module; found "
                f"{module!r}."
            )
        _check_draws(module, f"{who}: {type(trunk).__name__}.build")
        draw_parameters(module, generators)
        return module
    if isinstance(trunk, nn.Module):
        return MemberModules([copy.deepcopy(trunk) for _ in generators])
    if callable(trunk):
        modules = [_call(trunk, n_features, generator) for generator in generators]
        if all(isinstance(module, nn.Module) for module in modules):
            return MemberModules([copy.deepcopy(module) for module in modules])
    raise TypeError(
        f"{who}: trunk must be None, a trunk spec such as MLP(), an nn.Module, or a "
        f"callable that returns an nn.Module; found {trunk!r}."
    )


def _check_draws(part: nn.Module, who: str) -> None:
    """Refuse parts of PyTorch that would make a fit depend on the global seed."""
    if isinstance(part, RandomPart):  # what it contains draws from a generator of ours
        return
    if isinstance(part, _DropoutNd | nn.RReLU) and getattr(part, "p", 1.0) > 0:
        raise ValueError(
            f"{who} returns {part}, which draws from PyTorch's global generator, so "
            "that random_state would not decide the fit. Take MemberDropout; or give "
            "the estimator a callable that returns the module of one member, where any "
            "part may draw."
        )
    for child in part.children():
        _check_draws(child, who)


def _call(trunk: Callable[[int], Any], n_features: int, generator: Generator) -> Any:
    """Build a user's module with initial weights that our seed decides."""
    with drawing_from(_copy_of(generator)):
        return trunk(n_features)


def _copy_of(generator: Generator) -> Generator:
    """Return a generator on the CPU, where modules are made, with the same seed."""
    return Generator().manual_seed(generator.initial_seed())
