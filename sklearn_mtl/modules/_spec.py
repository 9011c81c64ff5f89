"""What a trunk spec is, and how any trunk becomes one module for all members."""

from __future__ import annotations

import copy
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from sklearn.base import BaseEstimator
from torch import Generator, Tensor, nn

from sklearn_mtl.modules._linear import draw_parameters

__all__ = ["MemberModules", "TrunkSpec", "build_trunk"]

_global_generator = threading.Lock()


class TrunkSpec(BaseEstimator, ABC):
    """Base of the trunk specs: searchable parameters that build an nn.Module.

    A spec holds sizes and choices, never weights, so that clone, get_params and grid
    search see ordinary parameters (`trunk__dropout`).

    Attributes
    ----------
    preparation : {"table", "raw"}
        "table": inputs are imputed, standardised and clipped. "raw": values as they
        are; uint8 is scaled to the unit range.
    default_n_members : int
        What ``n_members="auto"`` means with this trunk.
    """

    preparation = "table"
    default_n_members = 8

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
            may ask for options of the optimiser, "lr" among them, by an attribute
            `optimizer_groups`: pairs of a pattern of parameter names and a dict.
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


class MemberModules(nn.Module):
    """Independent copies of a user's module, one a member.

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
            return self.members[0](x[0]).unsqueeze(0)
        return torch.stack([member(x[m]) for m, member in enumerate(self.members)])


def build_trunk(
    trunk: TrunkSpec | nn.Module | Callable[[int], nn.Module],
    n_features: int,
    generators: list[Generator],
    n_tasks: int,
    who: str,
) -> nn.Module:
    """Return the trunk of all members, with its initial parameters drawn.

    Parameters
    ----------
    trunk : TrunkSpec, nn.Module, or callable
        A callable gets n_features and returns an nn.Module. Modules are copied, so that
        fit never changes what the user holds, and members share nothing.
    n_features : int
        Number of prepared columns.
    generators : list of torch.Generator
        One for each member.
    n_tasks : int
        Number of tasks with a head.
    who : str
        Who asks; messages begin with it.

    Returns
    -------
    nn.Module
        A `TaskTrunk`; or one that maps (n_members, n_rows, n_features) to (n_members,
        n_rows, n_hidden).

    Raises
    ------
    TypeError
        If the trunk is none of these.
    """
    if isinstance(trunk, TrunkSpec):
        module = copy.deepcopy(trunk.build(n_features, len(generators), n_tasks))
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


def _call(trunk: Callable[[int], Any], n_features: int, generator: Generator) -> Any:
    """Build a user's module with initial weights that our seed decides.

    nn's own initialisers know only the global generator; it is put back afterwards. One
    thread at a time: another would put back a state that is not the caller's.
    """
    with _global_generator, torch.random.fork_rng(devices=[]):
        torch.manual_seed(generator.initial_seed())
        return trunk(n_features)
