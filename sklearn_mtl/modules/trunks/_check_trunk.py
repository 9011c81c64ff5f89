"""Check of custom trunks."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from sklearn.base import BaseEstimator, clone
from torch import Generator, Tensor, nn

from sklearn_mtl.modules._check_gradients import check_gradients
from sklearn_mtl.modules._linear import use_generators
from sklearn_mtl.modules._shapes import check_parts
from sklearn_mtl.modules.trunks._check_task_trunk import check_task_trunk, task_outputs
from sklearn_mtl.modules.trunks._spec import TrunkSpec, build_trunk
from sklearn_mtl.modules.trunks._task_trunk import TaskTrunk
from sklearn_mtl.utils._check_spec import Faults, check_spec, is_importable

__all__ = [
    "INDEPENDENT_IN_TRAINING",
    "INDEPENDENT_MEMBERS",
    "INDEPENDENT_ROWS",
    "SAME_IN_EVERY_CALL",
    "SAME_IN_SINGLE",
    "SAME_IN_TRAINING",
    "check_trunk",
    "drawing",
    "same_after_copies",
]

N_ROWS = 6
MEMBERS = (0, 1, 2)
#: Largest sizes of a text spec: the checks use few words, and small layers are faster.
_MOST = {"n_buckets": 64, "embedding_size": 8, "width": 8}
#: Rounding errors if a member is computed alone, due to another order of additions.
PRECISION = 1e-6

# What is expected, followed by the expected number.
INDEPENDENT_MEMBERS = "a member that does not depend on other members, output"
INDEPENDENT_IN_TRAINING = (
    "a member that does not depend on other members in training, output"
)
INDEPENDENT_ROWS = "a row that does not depend on other rows after training, output"
SAME_IN_EVERY_CALL = "equal outputs in every call after training,"
SAME_IN_TRAINING = "equal outputs in training for equal generators,"
SAME_IN_SINGLE = "equal outputs in single and double precision,"


def check_trunk(
    trunk: TrunkSpec | nn.Module | Callable[[int], nn.Module],
    *,
    n_features: int = 5,
    n_tasks: int = 3,
) -> None:
    """Check that a trunk is compatible with the nets.

    The following is checked:

    - The outputs have the right shapes.
    - Gradients with respect to parameters and inputs are equal to the derivatives.
    - Members share no parameters, and the output of a member does not depend on other
      members.
    - After training, the output for a row does not depend on other rows.
    - Initial parameters and random numbers are drawn from the generators of the
      members, not from the global generator of PyTorch.
    - Single and double precision work.
    - Copies, pickles and state dicts preserve the outputs.
    - A `TaskTrunk` returns the right shared parameters.
    - A spec stores the parameters of its constructor and nothing else.

    Gradients are compared with finite differences in double precision, in training and
    evaluation mode. Gradients that differ from the derivative on purpose, such as in a
    gradient reversal, are reported too. At a kink, any number between the two one-sided
    derivatives is accepted.

    Parameters
    ----------
    trunk : TrunkSpec, nn.Module, or callable
        Trunk, in the form of the parameter `trunk` of the estimators.
    n_features : int, default=5
        Number of prepared columns; set it if the trunk requires another number. It is
        ignored for trunks of texts.
    n_tasks : int, default=3
        Number of tasks with a head.

    Raises
    ------
    AssertionError
        If a check fails. The message names the method, and what was expected and found.
    TypeError
        If `trunk` has another type.

    Examples
    --------
    >>> from torch import nn
    >>> from sklearn_mtl.modules import MLP, TrunkSpec, check_trunk
    >>> class OneForAll(TrunkSpec):
    ...     def build(self, n_features, n_members, n_tasks=1):
    ...         return nn.Linear(n_features, 8)
    >>> check_trunk(MLP((8,)))
    >>> check_trunk(OneForAll())
    Traceback (most recent call last):
        ...
    AssertionError: OneForAll.build: expected a member that does not depend on other...
    """
    if not isinstance(trunk, TrunkSpec | nn.Module) and not callable(trunk):
        raise TypeError(
            "trunk must be a trunk spec, an nn.Module or a callable that returns an "
            f"nn.Module; got {trunk!r}."
        )
    is_spec = isinstance(trunk, BaseEstimator)
    faults = check_spec(trunk, BaseEstimator) if is_spec else Faults(trunk)
    _check_attributes(trunk, faults)
    if is_spec and getattr(trunk, "preparation", "raw") == "text":
        trunk = _with_small_sizes(trunk)
    with faults.keeping(trunk, "build"):
        for tasks in dict.fromkeys((n_tasks, 1)):
            _check_case(_TrunkCase(trunk, n_features, tasks, faults), tasks == n_tasks)


def _with_small_sizes(spec: Any) -> Any:
    """Return a text spec with few buckets and units."""
    given = spec.get_params(deep=False)
    known = _MOST.keys() & given.keys()
    sizes = {name: min(given[name], _MOST[name]) for name in known}
    return clone(spec).set_params(**sizes)


class _TrunkCase:
    """Build a trunk and rows for given members."""

    def __init__(
        self, trunk: Any, n_features: int, n_tasks: int, faults: Faults
    ) -> None:
        self.trunk, self.n_features, self.n_tasks = trunk, n_features, n_tasks
        self.faults = faults

    def build(
        self, members: Sequence[int], dtype: torch.dtype = torch.float64
    ) -> nn.Module:
        """Return the trunk of some members in evaluation mode."""
        draws = [Generator().manual_seed(member) for member in members]
        try:
            module = build_trunk(
                self.trunk, self.n_features, draws, self.n_tasks, self.faults.who
            )
        except Exception as error:
            what = f"a module for {self.n_features} features and {self.n_tasks} tasks"
            self.faults.fail("build", what, repr(error))
        return module.to(dtype).eval()

    @property
    def reads_texts(self) -> bool:
        """Whether rows are texts."""
        return getattr(self.trunk, "preparation", "raw") == "text"

    def rows(
        self, members: Sequence[int], dtype: torch.dtype = torch.float64
    ) -> Tensor:
        """Return rows (n_members, n_rows, n_features), or as many texts."""
        if self.reads_texts:
            return _texts(members, self.trunk.n_buckets)
        shape = N_ROWS, self.n_features
        made = []
        for member in members:
            draws = Generator().manual_seed(100 + member)
            made.append(torch.randn(shape, generator=draws, dtype=torch.float64))
        return torch.stack(made).to(dtype)

    def read(self, module: nn.Module, x: Tensor) -> Tensor:
        """Return the inputs of the heads, (n_members, ..., n_rows, n_hidden)."""
        parts = module(x)
        return module.gather(parts) if isinstance(module, TaskTrunk) else parts

    def train(self, module: nn.Module, x: Tensor, members: Sequence[int]) -> Tensor:
        """Return the inputs of the heads in training mode, with new generators."""
        with drawing(module, members):
            return self.read(module, x)


def _texts(members: Sequence[int], n_buckets: int) -> Tensor:
    """Return the buckets of words, (n_members, n_rows, n_tokens, n_stored)."""
    # the longest text first, of one token less each, and the last one empty
    lengths = torch.arange(N_ROWS).flip(0)
    is_token = torch.arange(N_ROWS - 1) < lengths[:, None]
    made = []
    for member in members:
        draws = Generator().manual_seed(100 + member)
        shape = (*is_token.shape, 3)
        buckets = torch.randint(1, n_buckets + 1, shape, generator=draws)
        made.append(buckets * is_token.unsqueeze(-1))
    return torch.stack(made)


@contextmanager
def drawing(
    module: nn.Module, members: Sequence[int], is_training: bool = True
) -> Iterator[None]:
    """Set training mode and new generators of the members inside the block."""
    if not is_training:
        yield
        return
    draws = [Generator().manual_seed(200 + member) for member in members]
    use_generators(module.train(), draws)
    try:
        yield
    finally:
        use_generators(module.eval(), None)


def _check_case(case: _TrunkCase, is_first: bool) -> None:
    """Check the trunk for one number of tasks."""
    state = torch.random.get_rng_state
    with case.faults.leaving_alone(state, "build"):
        _check_shapes(case)
        _check_members(case)
    with case.faults.leaving_alone(state, "forward"):
        _check_training(case)
    _check_precision(case)
    module, x = case.build(MEMBERS), case.rows(MEMBERS)
    # the slowest check; only the layers of a task trunk depend on the number of tasks
    if is_first or isinstance(module, TaskTrunk):
        _check_gradients(case)
    other = case.build((7, 8, 9))
    same_after_copies(module, other, lambda one: one(x), case.faults)
    if isinstance(module, TaskTrunk):
        check_task_trunk(module, x, case.n_tasks, case.faults)


def _check_attributes(trunk: Any, faults: Faults) -> None:
    preparation = getattr(trunk, "preparation", "raw")
    faults.require(
        preparation in ("table", "raw", "text"),
        "preparation",
        "'table', 'raw' or 'text'",
        repr(preparation),
    )
    n_members = getattr(trunk, "default_n_members", 1)
    faults.require(
        isinstance(n_members, int) and n_members > 0,
        "default_n_members",
        "a whole number of at least 1",
        repr(n_members),
    )


def _check_shapes(case: _TrunkCase) -> None:
    for members in (MEMBERS, MEMBERS[:1]):
        module = case.build(members)
        for n_rows in (N_ROWS, 1):
            x = case.rows(members)[:, :n_rows]
            shape = len(members), n_rows
            check_parts(module, module(x), shape, case.n_tasks, case.faults)
            found = case.read(module, x)
            is_finite = bool(found.isfinite().all())
            case.faults.require(is_finite, "forward", "finite numbers", found)


def _check_members(case: _TrunkCase) -> None:
    """Compare members with trunks of a single member, and rows with single rows."""
    faults = case.faults
    together, x = case.build(MEMBERS), case.rows(MEMBERS)
    found = case.read(together, x)
    faults.close(case.read(together, x), found, "forward", SAME_IN_EVERY_CALL)
    again = case.read(case.build(MEMBERS), x)
    faults.close(again, found, "build", "equal outputs for equal generators,")
    for place, member in enumerate(MEMBERS):
        alone = case.read(case.build([member]), x[[place]])[0]
        faults.close(alone, found[place], "build", INDEPENDENT_MEMBERS, tol=PRECISION)
    single = case.read(together, x[:, :1])
    faults.close(single, found[..., :1, :], "forward", INDEPENDENT_ROWS, tol=PRECISION)


def _check_training(case: _TrunkCase) -> None:
    """Compare members in training mode, where they may use random numbers."""
    x = case.rows(MEMBERS)
    found = case.train(case.build(MEMBERS), x, MEMBERS)
    again = case.train(case.build(MEMBERS), x, MEMBERS)
    case.faults.close(again, found, "forward", SAME_IN_TRAINING)
    for place, member in enumerate(MEMBERS):
        alone = case.train(case.build([member]), x[[place]], [member])[0]
        what = INDEPENDENT_IN_TRAINING
        case.faults.close(alone, found[place], "forward", what, tol=PRECISION)


def _check_gradients(case: _TrunkCase) -> None:
    """Compare gradients with finite differences."""
    module, x = case.build(MEMBERS), case.rows(MEMBERS)
    trained = [one for one in module.parameters() if one.requires_grad]
    found = case.read(module, x)
    case.faults.require(
        found.requires_grad or not trained,
        "forward",
        "an output with a gradient function",
        "none",
    )
    _check_effect(found, trained, case.faults)
    # raw inputs require no gradient, so frozen modules may have none
    is_raw = getattr(case.trunk, "preparation", "raw") == "raw"
    places: dict[str, Tensor] = {
        f"parameter {name!r}": one for name, one in module.named_parameters()
    }
    if not case.reads_texts:
        places["the inputs"] = x.requires_grad_()
    for when, is_training in (("after a fit", False), ("in training", True)):

        def read(is_training: bool = is_training) -> Tensor:
            with drawing(module, MEMBERS, is_training):
                parts = module(x)
                if isinstance(module, TaskTrunk):
                    return task_outputs(module, parts, x, case.n_tasks)
                return parts

        lenient = "the inputs" if is_raw else ""
        check_gradients(read, places, case.faults, when, lenient)


def _check_effect(found: Tensor, trained: list[nn.Parameter], faults: Faults) -> None:
    """Check that the output depends on parameters; on inputs if all are frozen."""
    if not trained:
        is_same = bool((found == found[..., :1, :]).all())
        what = "a representation that depends on the inputs"
        faults.require(not is_same, "forward", what, "the same for every row")
        return
    weights = torch.randn(
        found.shape, generator=Generator().manual_seed(3), dtype=found.dtype
    )
    gradients = torch.autograd.grad(found, trained, weights, allow_unused=True)
    reached = [one for one in gradients if one is not None and bool(one.any())]
    faults.require(reached, "forward", "gradients of its parameters", "only zeros")


def _check_precision(case: _TrunkCase) -> None:
    double = case.read(case.build(MEMBERS), case.rows(MEMBERS))
    single = case.read(
        case.build(MEMBERS, torch.float32), case.rows(MEMBERS, torch.float32)
    )
    for found, dtype in ((double, torch.float64), (single, torch.float32)):
        what = f"{dtype} for parameters of this type"
        case.faults.require(found.dtype == dtype, "forward", what, found.dtype)
    case.faults.close(single, double, "forward", SAME_IN_SINGLE, tol=1e-3)


def same_after_copies(
    module: nn.Module,
    other: nn.Module,
    read: Callable[[nn.Module], Any],
    faults: Faults,
) -> None:
    """Check that copies, pickles and state dicts of a module preserve its outputs."""
    other.load_state_dict(module.state_dict())
    copies = {"load_state_dict": other, "__deepcopy__": copy.deepcopy(module)}
    if all(is_importable(type(part)) for part in module.modules()):
        try:
            copies["__reduce__"] = pickle.loads(pickle.dumps(module))
        except Exception as error:
            faults.fail("__reduce__", "a module that can be pickled", error)
    expected = _flat(read(module))
    for method, one in copies.items():
        what = f"equal outputs after a copy by {method},"
        faults.close(_flat(read(one)), expected, method, what)


def _flat(found: Any) -> Tensor:
    parts = found if isinstance(found, tuple) else (found,)
    return torch.cat([part.detach().flatten() for part in parts])
