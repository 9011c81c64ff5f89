"""Check of custom heads."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn

from sklearn_mtl.modules._check_gradients import check_gradients
from sklearn_mtl.modules._linear import draw_parameters
from sklearn_mtl.modules._shapes import check_tail
from sklearn_mtl.modules.heads._spec import HeadSpec, HeadTail
from sklearn_mtl.modules.heads._task_heads import HeadBlock, tasks_of_columns
from sklearn_mtl.modules.trunks._check_trunk import (
    INDEPENDENT_IN_TRAINING,
    INDEPENDENT_MEMBERS,
    INDEPENDENT_ROWS,
    SAME_IN_EVERY_CALL,
    SAME_IN_SINGLE,
    SAME_IN_TRAINING,
    drawing,
    same_after_copies,
)
from sklearn_mtl.utils._check_spec import Faults, check_spec

__all__ = ["check_head"]

N_ROWS = 12
MEMBERS = (0, 1, 2)
PRECISION = 1e-6
#: Outputs for tasks of each kind, and of all kinds together.
CASES = {
    "one task": [HeadBlock(1, 1)],
    "regressions": [HeadBlock(3, 1)],
    "binary tasks": [HeadBlock(3, 1, activation="sigmoid")],
    "tasks of three classes": [HeadBlock(2, 3, activation="softmax")],
    "many tasks of three classes": [HeadBlock(4, 3, True, "softmax")],
    "tasks of every kind": [
        HeadBlock(2, 1, activation="sigmoid"),
        HeadBlock(1, 1),
        HeadBlock(2, 3, activation="softmax"),
        HeadBlock(4, 4, True, "softmax"),
    ],
}


def check_head(head: HeadSpec) -> None:
    """Check that a head is compatible with the nets.

    The following is checked for tasks of each kind and for all kinds together:

    - Maps and logits have the right shapes.
    - The output bias is added to the logits.
    - Gradients with respect to maps and parameters are equal to the derivatives, by
      finite differences as in `check_trunk`.
    - Maps and parameters affect the tasks to which they are assigned.
    - Members share no parameters, and the output of a member does not depend on other
      members.
    - After training, the output for a row does not depend on other rows.
    - Random numbers are drawn from the generators of the members, not from the global
      generator of PyTorch.
    - Single and double precision work.
    - Copies, pickles and state dicts preserve the outputs.
    - The spec stores the parameters of its constructor and nothing else.

    Parameters
    ----------
    head : HeadSpec
        Instance of the class to check.

    Raises
    ------
    AssertionError
        If a check fails. The message names the method, and what was expected and found.
    TypeError
        If `head` is not a `HeadSpec`.

    Examples
    --------
    >>> from sklearn_mtl.modules import LinearHead, MLPHead, check_head
    >>> class NoTail(MLPHead):
    ...     def build(self, n_members, blocks):
    ...         return None
    >>> check_head(LinearHead())
    >>> check_head(NoTail())
    Traceback (most recent call last):
        ...
    AssertionError: NoTail.build: expected a tail with an output_bias, or as many...
    """
    faults = check_spec(head, HeadSpec)
    head.check()
    with faults.keeping(head, "build"):
        for name, blocks in CASES.items():
            _check_case(_HeadCase(head, name, blocks, faults))


def _check_case(case: _HeadCase) -> None:
    """Check the head for one set of tasks."""
    state, faults = torch.random.get_rng_state, case.faults
    with faults.leaving_alone(state, "build"):
        tail = case.build(MEMBERS)
        check_tail(tail, len(MEMBERS), case.maps, case.blocks, faults)
        if tail is None:
            return
        _check_members(case, tail)
    with faults.leaving_alone(state, "forward"):
        _check_training(case)
    _check_bias(case, tail)
    _check_owners(case, tail)
    _check_copies(case, tail)
    _check_gradients(case, tail)


class _HeadCase:
    """Build the tail of a head for given members."""

    def __init__(
        self, head: HeadSpec, name: str, blocks: Sequence[HeadBlock], faults: Faults
    ) -> None:
        self.head, self.name = head, name
        self.blocks, self.faults = blocks, faults
        try:
            self.maps = head.maps(self.map_blocks)
        except Exception as error:
            faults.fail("maps", f"the maps for {blocks}", repr(error))

    @property
    def map_blocks(self) -> list[HeadBlock]:
        """Blocks in the form for `HeadSpec.maps`: all single outputs in one block."""
        singles = sum(block.n_tasks for block in self.blocks if block.n_outputs == 1)
        groups = [
            HeadBlock(block.n_tasks, block.n_outputs, block.class_major)
            for block in self.blocks
            if block.n_outputs > 1
        ]
        return [HeadBlock(singles, 1)] * bool(singles) + groups

    @property
    def task_of(self) -> Tensor:
        """Task index of each logit."""
        return tasks_of_columns(self.blocks)

    def build(
        self, members: Sequence[int], dtype: torch.dtype = torch.float64
    ) -> HeadTail | None:
        """Return the tail in evaluation mode; None if the maps are the logits."""
        try:
            tail = self.head.build(len(members), self.blocks)
        except Exception as error:
            self.faults.fail("build", f"a tail for {self.blocks}", repr(error))
        if not isinstance(tail, nn.Module):
            return tail
        draw_parameters(tail, [Generator().manual_seed(member) for member in members])
        with torch.no_grad():
            # perturbed, because parameters that are zero have no visible effect
            for member, place in zip(members, range(len(members)), strict=True):
                draws = Generator().manual_seed(300 + member)
                for one in tail.parameters():
                    move = torch.randn(one[place].shape, generator=draws)
                    one[place] += 0.3 * move.to(one)
        return tail.to(dtype).eval()

    def rows(
        self, members: Sequence[int], dtype: torch.dtype = torch.float64
    ) -> Tensor:
        """Return linear maps (n_members, n_rows, n_maps)."""
        shape = N_ROWS, sum(block.width for block in self.maps)
        made = []
        for member in members:
            draws = Generator().manual_seed(100 + member)
            made.append(torch.randn(shape, generator=draws, dtype=torch.float64))
        return torch.stack(made).to(dtype)

    def train(self, members: Sequence[int], rows: Tensor) -> Tensor:
        """Return the logits in training mode, with new generators of the members."""
        tail = self.build(members)
        assert tail is not None  # for the type checker: the caller asked
        with drawing(tail, members):
            logits: Tensor = tail(rows)
        return logits


def _check_members(case: _HeadCase, tail: HeadTail) -> None:
    """Check the logits, and compare members with heads of a single member."""
    faults, rows = case.faults, case.rows(MEMBERS)
    before = rows.clone()
    logits = tail(rows)
    expected = (len(MEMBERS), N_ROWS, len(case.task_of))
    faults.require(
        isinstance(logits, Tensor) and tuple(logits.shape) == expected,
        "forward",
        f"logits of shape {expected} for {case.blocks}",
        tuple(logits.shape) if isinstance(logits, Tensor) else logits,
    )
    is_finite = bool(logits.isfinite().all())
    faults.require(is_finite, "forward", "finite logits", logits)
    faults.require(torch.equal(rows, before), "forward", "unchanged maps", "a change")
    faults.close(tail(rows), logits, "forward", SAME_IN_EVERY_CALL)
    for place, member in enumerate(MEMBERS):
        one = case.build([member])
        assert one is not None  # for the type checker: the tail is none either
        faults.close(
            one(rows[[place]])[0],
            logits[place],
            "forward",
            INDEPENDENT_MEMBERS,
            tol=PRECISION,
        )
    single = tail(rows[:, :1])
    faults.close(single, logits[:, :1], "forward", INDEPENDENT_ROWS, tol=PRECISION)


def _check_training(case: _HeadCase) -> None:
    rows = case.rows(MEMBERS)
    found = case.train(MEMBERS, rows)
    again = case.train(MEMBERS, rows)
    case.faults.close(again, found, "forward", SAME_IN_TRAINING)
    for place, member in enumerate(MEMBERS):
        alone = case.train([member], rows[[place]])[0]
        what = INDEPENDENT_IN_TRAINING
        case.faults.close(alone, found[place], "forward", what, tol=PRECISION)


def _check_bias(case: _HeadCase, tail: HeadTail) -> None:
    """Check that the bias is added to the logits."""
    bias = tail.output_bias
    if bias is None:
        return
    rows = case.rows(MEMBERS)
    shift = torch.linspace(-1.0, 2.0, bias.shape[-1], dtype=bias.dtype)
    with torch.no_grad():
        before = tail(rows)
        bias.add_(shift)
        found = tail(rows) - before
        bias.sub_(shift)
    what = "a bias that is added to the logits and changes them by"
    case.faults.close(found, shift.expand_as(found), "output_bias", what)


def _check_owners(case: _HeadCase, tail: HeadTail) -> None:
    """Check that a task's logits depend on its maps and parameters."""
    if not case.task_of.any():
        return  # with a single task, heads that use other tasks' outputs have none
    rows = case.rows(MEMBERS).requires_grad_()
    logits = tail(rows)
    places = [(rows, tail.task_of_maps, "task_of_maps", "maps")]
    for parameter, task_of in tail.owners():
        places.append((parameter, task_of, "owners", "parameters"))
    for task in range(int(case.task_of.max()) + 1):
        loss = logits[..., case.task_of == task].square().sum()
        for tensor, task_of, method, name in places:
            own = task_of == task
            if not own.any() or not tensor.requires_grad:
                continue
            (found,) = torch.autograd.grad(
                loss, [tensor], retain_graph=True, allow_unused=True
            )
            case.faults.require(
                found is not None and bool(found[..., own].any()),
                method,
                f"logits that depend on the {name} of their task {task}",
                "logits that do not",
            )


def _check_gradients(case: _HeadCase, tail: HeadTail) -> None:
    """Compare gradients with finite differences."""
    rows = case.rows(MEMBERS).requires_grad_()
    places: dict[str, Tensor] = {"the maps": rows}
    places |= {f"parameter {name!r}": one for name, one in tail.named_parameters()}
    for when, is_training in (("after a fit", False), ("in training", True)):

        def read(is_training: bool = is_training) -> Tensor:
            with drawing(tail, MEMBERS, is_training):
                logits: Tensor = tail(rows)
            return logits

        check_gradients(read, places, case.faults, f"{when} with {case.name}")


def _check_copies(case: _HeadCase, tail: HeadTail) -> None:
    rows, other = case.rows(MEMBERS), case.build((7, 8, 9))
    assert other is not None  # for the type checker: the tail is none either
    same_after_copies(tail, other, lambda one: one(rows), case.faults)
    single = case.build(MEMBERS, torch.float32)
    assert single is not None
    for one, dtype in ((tail, torch.float64), (single, torch.float32)):
        found = one(rows.to(dtype))
        what = f"{dtype} for parameters of this type"
        case.faults.require(found.dtype == dtype, "forward", what, found.dtype)
        case.faults.close(found, tail(rows), "forward", SAME_IN_SINGLE, tol=1e-3)
