"""`check_penalty` accepts what is right and names what is wrong."""

import numpy as np
import pytest

from sklearn_mtl import penalties
from sklearn_mtl.penalties import (
    L1,
    L21,
    Decomposition,
    Penalty,
    Ridge,
    Scaled,
    Shared,
    Sum,
    TaskColumns,
    TaskGraph,
    TaskL21,
    TraceNorm,
    check_penalty,
)
from tests.penalties.own import NonNegative, WeightedRows
from tests.penalties.test_base import ATOMS

MORE = [
    Ridge(0.0),
    Shared(0.0),
    L1(0.0),
    L21(0.5, l1_ratio=0.5),
    L21(1e-3),
    L21(1e3),
    Scaled(WeightedRows(), 0.3),
    Sum([("rows", WeightedRows()), ("ridge", Ridge())]),
    Decomposition([("shared", Shared(0.0)), ("rows", WeightedRows(0.1))]),
    WeightedRows(),
    WeightedRows(0.01, weights=[1.0, 2.0, 0.5, 1.0]),
    NonNegative(),
]


@pytest.mark.parametrize("penalty", [*ATOMS, *MORE], ids=str)
def test_our_penalties_and_those_of_the_guide_pass(penalty):
    check_penalty(penalty, n_features=4)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (L1(), TraceNorm()),
        (TraceNorm(), L1()),
        (L21(), TaskL21()),
        (L21(), TraceNorm()),
        (L1(), TaskGraph(graph="chain")),
        (Shared(0.0), TaskGraph(graph="chain")),
    ],
    ids=str,
)
def test_sums_whose_alternation_is_slow_or_ends_in_a_dense_member_pass(first, second):
    check_penalty(Sum([("a", first), ("b", second)]))


def test_none_of_ours_is_left_out():
    public = {getattr(penalties, name) for name in penalties.__all__}
    kinds = {
        one for one in public if isinstance(one, type) and issubclass(one, Penalty)
    }
    assert kinds - {Penalty} <= {type(penalty) for penalty in [*ATOMS, *MORE]}


class TwiceTheThreshold(L1):
    def prox(self, W, step=1.0, columns=None):
        return super().prox(W, 2.0 * step, columns)


class HalfTheThreshold(TaskL21):
    def prox(self, W, step=1.0, columns=None):
        return super().prox(W, 0.5 * step, columns)


class NoStep(TraceNorm):
    def prox(self, W, step=1.0, columns=None):
        return super().prox(W, 1.0, columns)


class InPlace(L1):
    def prox(self, W, step=1.0, columns=None):
        W *= np.abs(W) > step * self.alpha
        return W


class NotANumberAtZero(L21):
    def prox(self, W, step=1.0, columns=None):
        norms = np.linalg.norm(W, axis=1, keepdims=True)
        with np.errstate(invalid="ignore"):
            return W / norms * np.maximum(norms - step * self.alpha, 0.0)


class OneRow(L1):
    def prox(self, W, step=1.0, columns=None):
        return super().prox(W, step)[:1]


class Noisy(Ridge):
    rng = np.random.default_rng(0)

    def prox(self, W, step=1.0, columns=None):
        return super().prox(W, step, columns) + 1e-7 * self.rng.standard_normal(W.shape)


class HardThreshold(Penalty):
    def value(self, W, columns=None):
        return float(np.count_nonzero(W))

    def prox(self, W, step=1.0, columns=None):
        return np.where(np.abs(W) > np.sqrt(2.0 * step), W, 0.0)


class HalfTheValue(L1):
    def value(self, W, columns=None):
        return 0.5 * super().value(W, columns)


class WrongSign(Ridge):
    def optimality(self, W, gradient, columns=None):
        return super().optimality(W, -gradient, columns)


class AlwaysOptimal(L21):
    def optimality(self, W, gradient, columns=None):
        return 0.0


class GaugeTooSmall(L1):
    def gauge(self, U, columns=None):
        return 0.5 * super().gauge(U, columns)


class GaugeTooLarge(L1):
    def gauge(self, U, columns=None):
        return 2.0 * super().gauge(U, columns)


class GaugeOfNothing(L1):
    is_norm = False

    def gauge(self, U, columns=None):
        return 0.0


class NoNorm(Ridge):
    is_norm = True


class SmallConjugate(Ridge):
    def conjugate(self, U, columns=None):
        return 0.5 * super().conjugate(U, columns)


class LargeConjugate(Ridge):
    def conjugate(self, U, columns=None):
        return 2.0 * super().conjugate(U, columns)


class ShyDual(Ridge):
    def dual_scale(self, U, columns=None):
        return 0.5


class FixedScale(L1):
    def scaled(self, factor):
        return self


class WrongForm(Ridge):
    def task_covariance_form(self, columns):
        form = super().task_covariance_form(columns)
        return type(form)(2.0 * form.covariance, form.free)


class WrongRows(L21):
    def feature_group_form(self, n_features):
        groups, ridge = super().feature_group_form(n_features)
        return groups, ridge + 1.0

    def value(self, W, columns=None):
        return self.alpha * float(np.linalg.norm(W, axis=1).sum())

    def prox(self, W, step=1.0, columns=None):
        return L21(self.alpha).prox(W, step)

    def optimality(self, W, gradient, columns=None):
        return L21(self.alpha).optimality(W, gradient)

    def gauge(self, U, columns=None):
        return L21(self.alpha).gauge(U)

    def conjugate(self, U, columns=None):
        return 0.0


class WrongFree(Ridge):
    def free_directions(self, columns):
        return np.eye(columns.n_columns)[:, :1]

    def task_covariance_form(self, columns):
        return None


class OneTaskOnly(Penalty):
    def __init__(self, alphas=(1.0, 2.0, 3.0)):
        self.alphas = alphas

    def value(self, W, columns=None):
        return float(np.asarray(self.alphas) @ np.square(W).sum(axis=0))

    def prox(self, W, step=1.0, columns=None):
        return W / (1.0 + 2.0 * step * np.asarray(self.alphas))

    def check(self, columns, n_features):
        if columns.n_columns > columns.n_tasks:
            raise ValueError("regressions only")


class ForgetsColumns(Shared):
    def prox(self, W, step=1.0, columns=None):
        return super().prox(W, step, columns or TaskColumns.from_widths([W.shape[1]]))


class ChangedArgument(L1):
    def __init__(self, alpha=1.0):
        self.alpha = abs(float(alpha)) + 0.5


@pytest.mark.parametrize(
    ("penalty", "message"),
    [
        (TwiceTheThreshold(), r"prox: expected the minimiser of step R\(Z\)"),
        (HalfTheThreshold(), "prox: expected the minimiser"),
        (NoStep(), "prox: expected the minimiser"),
        (InPlace(), "prox: expected W left as it is; found it changed"),
        (NotANumberAtZero(), "prox: expected finite numbers"),
        (OneRow(), r"prox: expected shape \(4, 3\); found \(1, 3\)"),
        (Noisy(), "prox: expected the same result at every call"),
        (HardThreshold(), "prox: expected a firmly non-expansive map"),
        (HalfTheValue(), "prox: expected the minimiser"),
        (WrongSign(), "optimality: expected 0 at"),
        (AlwaysOptimal(), "optimality: expected a positive distance"),
        (GaugeTooSmall(), "gauge: expected prox to be zero from step"),
        (GaugeTooLarge(), "gauge: expected the smallest step"),
        (GaugeOfNothing(), "gauge: expected a positive number"),
        (NoNorm(), r"is_norm: expected R\(-2 W\) = 2 R\(W\)"),
        (SmallConjugate(), r"conjugate: expected R\(Z\) \+ R\*\(U\) = <U, Z>"),
        (LargeConjugate(), r"conjugate: expected R\(Z\) \+ R\*\(U\) = <U, Z>"),
        (ShyDual(), "dual_scale: expected at a subgradient, a scale of 1"),
        (FixedScale(), "scaled: expected 2.5 times the value"),
        (WrongForm(), "task_covariance_form: expected the value"),
        (WrongRows(), "feature_group_form: expected the value"),
        (WrongFree(), "free_directions: expected an unchanged value"),
        (OneTaskOnly(), "for_tasks: expected a penalty on those tasks"),
        (ForgetsColumns(), "prox: expected the same with columns=None"),
        (ChangedArgument(), "__init__: expected each argument stored"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_fault_is_named(penalty, message):
    with pytest.raises(AssertionError, match=f"{type(penalty).__name__}.{message}"):
        check_penalty(penalty, n_features=4)


def test_something_else_is_no_penalty():
    with pytest.raises(TypeError, match=r"a subclass of Penalty; found 'l1'"):
        check_penalty("l1")


def test_a_penalty_without_prox_is_named_at_once():
    class OnlyValue(Penalty):
        def value(self, W, columns=None):
            return 0.0

    with pytest.raises(TypeError, match=r"OnlyValue .*prox"):
        OnlyValue()
