"""Base class of trunk specs, and the construction of trunks for all members."""

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
    """Base class of trunk specs, which build an nn.Module.

    A spec contains parameters, such as sizes, but no weights. Therefore clone,
    get_params and grid search work as usual (`trunk__dropout`).

    A subclass defines `build`, which returns one module for all members. Do not use
    modules of PyTorch with parameters or random numbers in it, because all members
    would share them, and they would use the global random generator. Use `MemberLinear`
    and `MemberDropout`, or define parameters whose first axis is the member and a
    method ``draw(generators)`` that initialises them. To write the module of a single
    member in plain PyTorch, pass a callable to the estimator instead of a spec. It may
    be a BaseEstimator with parameters, and have the attributes below. Use `check_trunk`
    to check either of them.

    Attributes
    ----------
    preparation : {"table", "raw"}
        "table" imputes, standardises and clips the inputs. "raw" does not change them,
        but scales uint8 to the unit range.
    default_n_members : int
        Value of ``n_members="auto"`` for this trunk.
    default_weight_decay : float
        Value of ``weight_decay="auto"`` for the optimiser "adamw".
    largest_batch : int
        Maximum of ``batch_size="auto"``.
    n_steps, least_epochs : int
        Number of steps and minimum number of epochs of ``max_epochs="auto"``.
    holds_out : bool
        Whether ``early_stopping="auto"`` holds out samples.
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
        """Build the module, before its parameters are initialised.

        Parameters
        ----------
        n_features : int
            Number of prepared columns.
        n_members : int
            Number of independent members.
        n_tasks : int, default=1
            Number of tasks with a head, for trunks with task-specific parts.

        Returns
        -------
        nn.Module
            A `TaskTrunk`, or a module that maps (n_members, n_rows, n_features) to a
            representation (n_members, n_rows, n_hidden) for all heads. Submodules can
            set options of the optimiser by an attribute `optimizer_groups`: pairs of a
            pattern of parameter names and a dict of options. The option "lr_factor" is
            a factor of the learning rate of the net. "adaptive_lr_factor" is one that
            is reduced, but not below 1, if the product would exceed 0.06. It is 1 for
            optimisers without a parameter eps, such as SGD, whose steps are
            proportional to the gradient.
        """

    def flatten(self, X: Any) -> Any:
        """Return inputs with flat rows, for trunks that accept rows with a shape.

        Parameters
        ----------
        X : object
            Inputs before validation.

        Returns
        -------
        object
            Flat inputs; by default X itself.
        """
        return X


class MemberModules(RandomPart):
    """Independent copies of a custom module, one per member.

    In training, random numbers are drawn from the generators of the members.

    Parameters
    ----------
    modules : sequence of nn.Module
        Module of each member, which maps (n_rows, ...) to (n_rows, n_hidden).
    """

    def __init__(self, modules: list[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(modules)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the module of each member to its rows."""
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
    """Return the trunk of all members with initialised parameters."""
    if isinstance(trunk, TrunkSpec):
        # modules of torch draw their initial parameters when they are constructed
        with drawing_from(_copy_of(generators[0])):
            # copied, because a spec may store the module that it returns
            module = copy.deepcopy(trunk.build(n_features, len(generators), n_tasks))
        if not isinstance(module, nn.Module):
            raise TypeError(
                f"{who}: {type(trunk).__name__}.build must return an nn.Module; got "
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
        f"callable that returns an nn.Module; got {trunk!r}."
    )


def _check_draws(part: nn.Module, who: str) -> None:
    """Refuse modules of PyTorch that use the global random generator."""
    if isinstance(part, RandomPart):  # its submodules use the members' generators
        return
    if isinstance(part, _DropoutNd | nn.RReLU) and getattr(part, "p", 1.0) > 0:
        raise ValueError(
            f"{who} returns {part}, which uses the global random generator of PyTorch "
            "and ignores random_state. Use MemberDropout instead, or pass a callable "
            "that returns the module of one member as trunk, where all random modules "
            "are supported."
        )
    for child in part.children():
        _check_draws(child, who)


def _call(trunk: Callable[[int], Any], n_features: int, generator: Generator) -> Any:
    """Build a custom module with initial weights from the given generator."""
    with drawing_from(_copy_of(generator)):
        return trunk(n_features)


def _copy_of(generator: Generator) -> Generator:
    """Return a generator with the same seed on the CPU, where modules are built."""
    return Generator().manual_seed(generator.initial_seed())
