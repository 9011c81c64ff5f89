"""What every aggregator keeps to, and what some promise."""

import numpy as np
import pytest
import torch

from sklearn_mtl.balancing import StepGramian, UPGrad
from sklearn_mtl.balancing._registry import read_balancing
from tests.balancing.cases import AGGREGATORS, generators, gramian, jacobian

ALL = pytest.mark.parametrize("name", AGGREGATORS)
SIZES = [(2, 3), (6, 40), (9, 5)]


def weigh(name, G):
    return AGGREGATORS[name].weigh(
        G, generators=generators(len(G.view(-1, *G.shape[-2:])))
    )


@pytest.mark.parametrize("name", [name for name in AGGREGATORS if name != "pcgrad"])
@pytest.mark.parametrize("size", SIZES[:2])
def test_the_order_of_tasks_does_not_matter(name, size):
    G = gramian(*size)
    order = torch.randperm(size[0], generator=generators()[0])
    expected = weigh(name, G)[order]
    torch.testing.assert_close(
        weigh(name, G[order][:, order]), expected, rtol=1e-4, atol=1e-6
    )


@ALL
@pytest.mark.parametrize("factor", [1e-8, 1e8])
def test_the_direction_does_not_depend_on_the_unit_of_the_objective(name, factor):
    G = gramian(6)
    w, scaled = weigh(name, G), weigh(name, factor * G)
    torch.testing.assert_close(scaled / scaled.sum(), w / w.sum(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["imtl_g", "nash_mtl"])
def test_a_method_that_ignores_task_weight_steps_alike_for_any(name):
    J = jacobian(5)
    factors = torch.tensor([1.0, 10.0, 0.1, 3.0, 1.0], dtype=torch.double)
    directions = []
    for scaled in (J, factors[:, None] * J):
        direction = weigh(name, scaled @ scaled.T) @ scaled
        directions.append(direction / direction.norm())
    torch.testing.assert_close(*directions, rtol=1e-3, atol=1e-4)


@ALL
def test_one_task_is_left_alone(name):
    w = weigh(name, torch.tensor([[4.0]], dtype=torch.double))
    assert w.shape == (1,)
    assert float(w) > 0


@ALL
def test_a_gradient_of_zero_gives_finite_weights(name):
    G = gramian(5)
    G[2] = G[:, 2] = 0.0
    assert weigh(name, G).isfinite().all()
    assert weigh(name, torch.zeros_like(G)).isfinite().all()


@ALL
def test_equal_gradients_give_finite_weights(name):
    assert weigh(name, torch.ones(4, 4, dtype=torch.double)).isfinite().all()


@ALL
def test_opposed_gradients_give_finite_weights(name):
    G = torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=torch.double)
    assert weigh(name, G).isfinite().all()


@pytest.mark.parametrize("name", ["upgrad", "mgda", "nash_mtl", "fairgrad", "imtl_g"])
@pytest.mark.parametrize("size", SIZES[:2])
@pytest.mark.parametrize("seed", range(5))
def test_no_task_gets_worse_in_a_small_step(name, size, seed):
    G = gramian(*size, seed=seed)
    w = weigh(name, G)
    gains = G @ w / (G.diagonal().sqrt() * (w @ G @ w).sqrt())
    # UPGrad regularises the Gramian as torchjd does
    assert float(gains.min()) > (-2e-2 if name == "upgrad" else -1e-4)


@pytest.mark.parametrize("name", ["upgrad", "pcgrad"])
def test_without_conflict_it_is_the_plain_sum(name):
    G = gramian(5, 20).abs()
    w = weigh(name, G)
    assert w.unique().numel() == 1


@ALL
def test_members_are_weighed_each_for_itself(name):
    G = torch.stack([gramian(4, seed=seed) for seed in range(3)])
    each = [
        AGGREGATORS[name].weigh(one, generators=generators(1, seed))
        for seed, one in enumerate(G)
    ]
    torch.testing.assert_close(weigh(name, G), torch.stack(each), rtol=1e-5, atol=1e-6)


def torchjds_with_a_memory():
    """Return a Weighting of torchjd that remembers the Gramians of its tasks."""
    torchjd = pytest.importorskip("torchjd.aggregation")

    class Remember(torchjd.Weighting):
        def __init__(self):
            super().__init__()
            self.total = 0.0

        def forward(self, gramian, /):
            self.total = self.total + gramian.diagonal()
            return self.total / self.total.sum()

    return read_balancing(Remember(), "me")


@pytest.mark.parametrize("name", [*AGGREGATORS, "torchjd"])
def test_members_learn_each_for_itself_where_tasks_are_absent(name):
    method = torchjds_with_a_memory() if name == "torchjd" else AGGREGATORS[name]
    rng = np.random.default_rng(0)
    # Who has these three tasks changes from step to step, as with missing labels.
    turns = [([0, 1], [0, 1, 3]), ([2], [0, 1, 3]), ([1, 2], [0, 1, 3])] * 3
    state = method.init_state(3, 4)
    own = [method.init_state(1, 4) for _ in range(3)]
    drawn, own_drawn = generators(3), generators(3)
    for members, tasks in turns:
        J = rng.standard_normal((len(members), 3, 9))
        G, losses = J @ J.transpose(0, 2, 1), rng.random((len(members), 3))
        step = StepGramian(
            G,
            np.ones(3),
            [drawn[m] for m in members],
            losses,
            np.array(members),
            np.array(tasks),
        )
        found = method.weigh_arrays(step, state)
        for i, member in enumerate(members):
            alone = StepGramian(
                G[[i]],
                np.ones(3),
                [own_drawn[member]],
                losses[[i]],
                np.array([0]),
                np.array(tasks),
            )
            expected = method.weigh_arrays(alone, own[member])[0]
            np.testing.assert_allclose(found[i], expected, rtol=1e-6, atol=1e-9)


@ALL
def test_single_precision_is_enough_and_kept(name):
    G = gramian(6)
    w = weigh(name, G.float())
    assert w.dtype == torch.float32
    torch.testing.assert_close(w.double(), weigh(name, G), rtol=1e-3, atol=1e-4)


@ALL
def test_a_diverged_net_gives_nan_and_no_error(name):
    assert weigh(name, torch.full((3, 3), torch.nan)).isnan().all()


@ALL
def test_the_gramian_must_be_square(name):
    with pytest.raises(ValueError, match=r"must have shape .* got \(2, 3\)"):
        weigh(name, torch.zeros(2, 3))


def test_a_preference_moves_upgrad_towards_a_task():
    G = torch.eye(3, dtype=torch.double)
    w = UPGrad().weigh(G, preference=torch.tensor([2.0, 1.0, 1.0]))
    torch.testing.assert_close(w, torch.tensor([0.5, 0.25, 0.25], dtype=torch.double))
