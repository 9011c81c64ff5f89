"""A check of trunks: shapes, independent members, private generators."""

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

__all__ = ["check_trunk", "drawing", "same_after_copies"]

N_ROWS = 6
MEMBERS = (0, 1, 2)
_MOST_BUCKETS = 64
#: Difference between a member alone and among others, whose products differ in order.
PRECISION = 1e-6


def check_trunk(
    trunk: TrunkSpec | nn.Module | Callable[[int], nn.Module],
    *,
    n_features: int = 5,
    n_tasks: int = 3,
) -> None:
    """Check that a trunk is one that the nets can use.

    The shapes of what it gives; gradients with respect to parameters and inputs that
    are the derivatives; members that neither share parameters nor see each other, in
    training as after it; rows that do not see each other afterwards; initial parameters
    and random parts that follow the members' generators and leave PyTorch's global one
    alone; single and double precision; copies, pickles and state dicts that give the
    same; and, of a `TaskTrunk`, which parameters several tasks share. The parameters of
    a spec are those of its constructor, and nothing else is stored in it.

    Gradients are compared with finite differences in double precision, in training and
    after it. A gradient that is wrong on purpose, as one that is reversed, is reported
    too. At a kink, any number between the slopes of both sides is right.

    Parameters
    ----------
    trunk : TrunkSpec, nn.Module, or callable
        An instance, as an estimator takes it.
    n_features : int, default=5
        Number of prepared columns; set it where parameters fix it. Has no meaning for
        texts.
    n_tasks : int, default=3
        Number of tasks with a head.

    Raises
    ------
    AssertionError
        If something is wrong; the message names it, what was expected and found.
    TypeError
        If it is no trunk.

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
    AssertionError: OneForAll.build: expected a member alone to be as among others...
    """
    if not isinstance(trunk, TrunkSpec | nn.Module) and not callable(trunk):
        raise TypeError(
            "allowed are a trunk spec, an nn.Module and a callable that returns one; "
            f"found {trunk!r}."
        )
    is_spec = isinstance(trunk, BaseEstimator)
    faults = check_spec(trunk, BaseEstimator) if is_spec else Faults(trunk)
    _check_attributes(trunk, faults)
    if is_spec and getattr(trunk, "preparation", "raw") == "text":
        trunk = _with_few_buckets(trunk)
    with faults.keeping(trunk, "build"):
        for tasks in (n_tasks, 1):
            _check_case(_TrunkCase(trunk, n_features, tasks, faults))


def _with_few_buckets(spec: Any) -> Any:
    """Return a spec of texts without vectors that no word of the check would have."""
    n_buckets = min(spec.n_buckets, _MOST_BUCKETS)
    return clone(spec).set_params(n_buckets=n_buckets)


class _TrunkCase:
    """Builds a trunk for the members that are wanted, and rows for each of them."""

    def __init__(
        self, trunk: Any, n_features: int, n_tasks: int, faults: Faults
    ) -> None:
        self.trunk, self.n_features, self.n_tasks = trunk, n_features, n_tasks
        self.faults = faults

    def build(
        self, members: Sequence[int], dtype: torch.dtype = torch.float64
    ) -> nn.Module:
        """Return the trunk of some members, in evaluation."""
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
        """Return what the heads read, (n_members, ..., n_rows, n_hidden)."""
        parts = module(x)
        return module.gather(parts) if isinstance(module, TaskTrunk) else parts

    def train(self, module: nn.Module, x: Tensor, members: Sequence[int]) -> Tensor:
        """Return what the heads read in training, from generators of the members."""
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
    """Put a module into training for a block, with new generators of the members."""
    if not is_training:
        yield
        return
    draws = [Generator().manual_seed(200 + member) for member in members]
    use_generators(module.train(), draws)
    try:
        yield
    finally:
        use_generators(module.eval(), None)


def _check_case(case: _TrunkCase) -> None:
    """Check the trunk for one number of tasks."""
    state = torch.random.get_rng_state
    with case.faults.leaving_alone(state, "build"):
        _check_shapes(case)
        _check_members(case)
    with case.faults.leaving_alone(state, "forward"):
        _check_training(case)
    _check_precision(case)
    _check_gradients(case)
    module, x = case.build(MEMBERS), case.rows(MEMBERS)
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
    """Compare members with nets of their own, and rows with single rows."""
    faults = case.faults
    together, x = case.build(MEMBERS), case.rows(MEMBERS)
    found = case.read(together, x)
    faults.close(
        case.read(together, x), found, "forward", "the same at every call after a fit,"
    )
    again = case.read(case.build(MEMBERS), x)
    faults.close(again, found, "build", "the same for the same generators,")
    for place, member in enumerate(MEMBERS):
        alone = case.read(case.build([member]), x[[place]])[0]
        what = "a member alone to be as among others, with parameters of its own,"
        faults.close(alone, found[place], "build", what, tol=PRECISION)
    single = case.read(together, x[:, :1])
    faults.close(
        single,
        found[..., :1, :],
        "forward",
        "a row alone to be as among others after a fit,",
        tol=PRECISION,
    )


def _check_training(case: _TrunkCase) -> None:
    """Compare members in training, where they may draw and keep statistics."""
    x = case.rows(MEMBERS)
    found = case.train(case.build(MEMBERS), x, MEMBERS)
    again = case.train(case.build(MEMBERS), x, MEMBERS)
    what = "the same in training for the same generators,"
    case.faults.close(again, found, "forward", what)
    for place, member in enumerate(MEMBERS):
        alone = case.train(case.build([member]), x[[place]], [member])[0]
        case.faults.close(
            alone,
            found[place],
            "forward",
            "a member alone to be as among others in training,",
            tol=PRECISION,
        )


def _check_gradients(case: _TrunkCase) -> None:
    """Compare gradients with differences; something must depend on the inputs."""
    module, x = case.build(MEMBERS), case.rows(MEMBERS)
    trained = [one for one in module.parameters() if one.requires_grad]
    found = case.read(module, x)
    case.faults.require(
        found.requires_grad or not trained,
        "forward",
        "a graph through which parameters get gradients",
        "none",
    )
    _check_effect(found, trained, case.faults)
    # Raw inputs need no gradient, so frozen modules may give none.
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
    """Look whether parameters have an effect, or inputs where none is trained."""
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
        case.faults.require(
            found.dtype == dtype, "forward", f"{dtype} as its parameters", found.dtype
        )
    what = "numbers in single precision as in double,"
    case.faults.close(single, double, "forward", what, tol=1e-3)


def same_after_copies(
    module: nn.Module,
    other: nn.Module,
    read: Callable[[nn.Module], Any],
    faults: Faults,
) -> None:
    """Check that copies, pickles and state dicts of a module give the same."""
    other.load_state_dict(module.state_dict())
    copies = {"load_state_dict": other, "__deepcopy__": copy.deepcopy(module)}
    if all(is_importable(type(part)) for part in module.modules()):
        try:
            copies["__reduce__"] = pickle.loads(pickle.dumps(module))
        except Exception as error:
            faults.fail("__reduce__", "a module that can be pickled", error)
    expected = _flat(read(module))
    for method, one in copies.items():
        what = f"the same after a copy by {method},"
        faults.close(_flat(read(one)), expected, method, what)


def _flat(found: Any) -> Tensor:
    parts = found if isinstance(found, tuple) else (found,)
    return torch.cat([part.detach().flatten() for part in parts])
