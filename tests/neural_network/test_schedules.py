"""Tasks that take turns, or are drawn, in the nets."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator
from sklearn_mtl.balancing import Asynchronous, Sampled
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.model_selection import per_task_scorers
from sklearn_mtl.modules import MLP, MixtureOfExperts, Pretrained
from sklearn_mtl.neural_network.objective._owners import head_owners
from sklearn_mtl.tasks import stack_tasks
from tests.neural_network.nets import (
    ALL,
    EXACT,
    parameters,
    same_bits,
    table,
    targets_of,
    tiny,
    untrained,
    with_gaps,
)
from tests.neural_network.test_heads import TRUNKS

X, Y = table()
OPTIMIZERS = {
    "adamw": {"weight_decay": 0.5},
    "adam": {"weight_decay": 0.5},
    "sgd": {"weight_decay": 0.1},
    "momentum": {},
    "amsgrad": {},
}


class Momentum(torch.optim.SGD):
    def __init__(self, params, **kwargs):
        super().__init__(params, momentum=0.9, **kwargs)


class AMSGrad(torch.optim.AdamW):
    def __init__(self, params, **kwargs):
        super().__init__(params, amsgrad=True, **kwargs)


OWN = {"momentum": Momentum, "amsgrad": AMSGrad}


def snapshots(model, X, y, n_steps):
    """Return heads and the state of the optimiser after each of some steps."""
    found = []

    def look(net):
        owners = head_owners(net.module_, net.criterion_.layout)
        step = []
        for parameter, task_of in owners:
            state = {
                name: value.clone()
                for name, value in net.optimizer_.state[parameter].items()
                if isinstance(value, torch.Tensor) and value.shape == parameter.shape
            }
            step.append((parameter.detach().clone(), state, task_of))
        found.append(step)

    model.set_params(max_epochs=1, warm_start=True)
    for _ in range(n_steps):
        model.fit(X, y)
        look(model.net_)
    return found


@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("frequency", ["uniform", "size", "loss"])
@pytest.mark.parametrize("order", ["cyclic", "random"])
def test_asynchronous_with_one_task_is_synchronous_bit_for_bit(
    cls, optimizer, frequency, order
):
    y = with_gaps(targets_of(cls, Y)[:, :1])
    plain = tiny(cls, optimizer=optimizer, n_members=2).fit(X, y)
    schedule = Asynchronous(frequency, order)
    turns = tiny(cls, optimizer=optimizer, n_members=2, task_schedule=schedule)
    assert same_bits(plain, turns.fit(X, y))
    for key in ("train_loss", "valid_loss"):
        np.testing.assert_array_equal(plain.history_[key], turns.history_[key])


def test_sampling_the_only_task_is_training_it():
    plain = tiny(MultiTaskClassifier).fit(X, Y[:, :1])
    drawn = tiny(MultiTaskClassifier, task_schedule="sampled").fit(X, Y[:, :1])
    assert same_bits(plain, drawn)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("head", ["linear", "mlp", "feedback"])
def test_heads_and_their_optimiser_move_in_their_turn_only(head, optimizer):
    model = tiny(
        MultiTaskMixedEstimator,
        head=head,
        optimizer=OWN.get(optimizer, optimizer),
        task_schedule="asynchronous",
        lr=0.05,
        **OPTIMIZERS[optimizer],
        **EXACT,
    )
    start = untrained(clone(model), X, Y).net_
    before = [
        (parameter.detach(), {}, None)
        for parameter, _ in head_owners(start.module_, start.criterion_.layout)
    ]
    steps = snapshots(model, X, Y, 7)
    places = start.criterion_.layout.order.tolist()
    for number, step in enumerate(steps):
        due = places.index(number % 3)
        for (old, states, _), (new, found, task_of) in zip(before, step, strict=True):
            rest = task_of != due
            assert torch.equal(new[..., rest], old[..., rest])
            assert not torch.equal(new[..., ~rest], old[..., ~rest])
            for name, value in found.items():
                was = states.get(name, torch.zeros_like(value))
                assert torch.equal(value[..., rest], was[..., rest])
        before = step


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd"])
def test_a_head_moves_as_if_it_had_an_optimiser_of_its_own(optimizer):
    """The trunk is frozen: what is left are as many linear models, a turn each."""
    trunk = Pretrained(torch.nn.Linear(4, 5).double(), frozen=True)
    arguments = {"trunk": trunk, "optimizer": optimizer, "lr": 0.05, **EXACT}
    arguments |= {"weight_decay": 0.3, "dtype": "float64"}
    y = Y[:, [0, 2]]
    turns = tiny(
        MultiTaskMixedEstimator,
        task_schedule="asynchronous",
        **{**arguments, "max_epochs": 8},
    )
    start = parameters(untrained(clone(turns), X, y))
    turns.fit(X, y)
    for t in range(2):
        short = {**arguments, "max_epochs": 1, "lr": 1e-300}
        alone = tiny(MultiTaskMixedEstimator, **short).fit(X, y[:, t])
        alone.set_params(warm_start=True, max_epochs=4, lr=0.05)
        with torch.no_grad():
            for name in ("weight", "bias"):
                own = getattr(alone.net_.module_.heads, name)
                own.copy_(start[f"heads.{name}"][..., [t]])
        alone.net_.initialize_optimizer()  # which forgets the step of no length
        alone.fit(X, y[:, t])
        for name in ("weight", "bias"):
            torch.testing.assert_close(
                parameters(alone)[f"heads.{name}"],
                parameters(turns)[f"heads.{name}"][..., [t]],
                rtol=1e-9,
                atol=1e-12,
            )


@pytest.mark.parametrize("trunk", TRUNKS)
@pytest.mark.parametrize("schedule", ["asynchronous", Sampled(2)], ids=str)
def test_every_trunk_trains_by_turns(trunk, schedule):
    X32 = X.astype(np.float32)
    model = tiny(
        MultiTaskMixedEstimator,
        trunk=TRUNKS[trunk],
        task_schedule=schedule,
        n_members=2,
        max_epochs=3,
    ).fit(X32, with_gaps(Y))
    assert np.isfinite(model.predict_proba(X32)[0]).all()


def test_the_history_counts_turns_and_averages_over_them():
    model = tiny(
        MultiTaskMixedEstimator,
        task_schedule=Asynchronous({"task0": 4, "task1": 2, "task2": 2}),
        batch_size=15,
        early_stopping=False,
    ).fit(X, Y)
    np.testing.assert_array_equal(model.history_["task_turns"], [[4, 2, 2]] * 5)
    assert np.isfinite(model.history_["train_loss"]).all()


def test_the_loss_of_a_task_that_was_not_due_is_unknown():
    model = tiny(MultiTaskMixedEstimator, task_schedule="asynchronous", **EXACT)
    history = model.fit(X, Y).history_
    due = history["task_turns"] > 0
    assert due.sum(axis=1).tolist() == [1] * 5
    np.testing.assert_array_equal(np.isnan(history["train_loss"]), ~due)


@pytest.mark.parametrize("balancing", ["dwa", "famo", "uncertainty", "geometric_mean"])
@pytest.mark.parametrize("schedule", ["asynchronous", "sampled"])
def test_losses_are_balanced_among_the_tasks_that_are_due(balancing, schedule):
    model = tiny(
        MultiTaskMixedEstimator,
        balancing=balancing,
        task_schedule=schedule,
        batch_size=60,
        early_stopping=False,
    ).fit(X, Y)
    assert np.isfinite(model.predict_proba(X)[0]).all()
    weights = model.history_["task_weight"]
    assert (weights[np.isfinite(weights)] >= 0).all()


def test_frequencies_by_size_follow_the_labels():
    y = Y.copy()
    y[:90, 1] = np.nan
    model = tiny(
        MultiTaskMixedEstimator,
        task_schedule=Asynchronous("size"),
        batch_size=3,
        early_stopping=False,
        max_epochs=9,
    ).fit(X, y)
    turns = model.history_["task_turns"].sum(axis=0)
    np.testing.assert_allclose(turns / turns.sum(), np.array([4, 1, 4]) / 9, atol=0.02)


def test_frequencies_by_loss_follow_the_losses():
    y = np.column_stack([X[:, 0] > 0, np.random.default_rng(0).integers(2, size=120)])
    model = tiny(
        MultiTaskClassifier,
        task_schedule=Asynchronous("loss"),
        batch_size=6,
        early_stopping=False,
        max_epochs=20,
        lr=0.02,
    ).fit(X, y)
    turns = model.history_["task_turns"]
    assert turns[0].tolist() == [10, 10]
    assert turns[-1, 1] > 1.5 * turns[-1, 0]


def test_tasks_with_rows_of_their_own_all_get_their_turn():
    stacked, y = stack_tasks([(X[:80], Y[:80, 0]), (X[80:100], Y[80:100, 0])])
    model = tiny(
        MultiTaskClassifier,
        task_schedule="asynchronous",
        batch_size=5,
        early_stopping=False,
    ).fit(stacked, y)
    assert (model.history_["task_turns"] > 0).all()


def test_the_gradient_of_a_sample_is_unbiased():
    """The steps for each task that may be drawn, by their chances, are that of all."""
    arguments = {"optimizer": "sgd", "lr": 0.1, "weight_decay": 0.0, **EXACT}
    arguments["max_epochs"] = 1
    before = parameters(untrained(tiny(MultiTaskMixedEstimator, **arguments), X, Y))
    plain = parameters(tiny(MultiTaskMixedEstimator, **arguments).fit(X, Y))
    chances = np.array([3, 2, 1]) / 6
    schedule = Sampled(frequency=[3, 2, 1])
    steps = {}
    for seed in range(30):
        net = tiny(MultiTaskMixedEstimator, task_schedule=schedule, **arguments)
        net = untrained(net, X, Y).set_params(warm_start=True)
        with torch.no_grad():
            for name, value in net.net_.module_.named_parameters():
                value.copy_(before[name])
        net._state.seed = seed  # of what is drawn from here on
        drawn = int(net.fit(X, Y).history_["task_turns"][-1].argmax())
        after = parameters(net)
        steps[drawn] = {name: after[name] - before[name] for name in after}
        if len(steps) == 3:
            break
    for name, value in plain.items():
        mean = sum(chances[t] * steps[t][name] for t in range(3))
        torch.testing.assert_close(mean, value - before[name], rtol=1e-8, atol=1e-12)


def test_nothing_to_balance_is_said():
    model = tiny(MultiTaskClassifier, balancing="mgda", task_schedule="asynchronous")
    with pytest.warns(UserWarning, match="balancing of gradients has no effect"):
        model.fit(X, Y[:, :2])


def test_some_tasks_at_a_time_are_balanced_by_their_gradients():
    model = tiny(MultiTaskMixedEstimator, balancing="upgrad", task_schedule=Sampled(2))
    assert np.isfinite(model.fit(X, Y).history_["task_weight"]).any()


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan])
def test_a_frequency_must_be_positive(value):
    model = tiny(MultiTaskClassifier, task_schedule=Asynchronous([1.0, value]))
    message = (
        "MultiTaskClassifier: frequency of task 'task1' in task_schedule is "
        f"{value}; it must be"
    )
    with pytest.raises(TaskError, match=message):
        model.fit(X, Y[:, :2])


@pytest.mark.parametrize("schedule", [Asynchronous(order="random"), Sampled()], ids=str)
def test_a_net_with_turns_is_pickled_cloned_and_goes_on(schedule):
    model = tiny(MultiTaskMixedEstimator, task_schedule=schedule, n_members=2)
    model.fit(X, Y)
    again = pickle.loads(pickle.dumps(model))
    assert same_bits(model, again)
    assert same_bits(model, clone(model).fit(X, Y))
    torch.manual_seed(3)
    assert same_bits(model, clone(model).fit(X, Y))
    again.partial_fit(X, Y)
    assert same_bits(again, model.partial_fit(X, Y))


def test_schedules_are_searchable_with_trunks_and_balancing():
    model = tiny(MultiTaskClassifier, max_epochs=2)
    grid = {
        "task_schedule": ["synchronous", Asynchronous("size", "random"), "sampled"],
        "trunk": [MLP((6,)), MixtureOfExperts(2, (6,))],
        "balancing": ["sum", "uncertainty"],
    }
    search = GridSearchCV(
        model, grid, scoring=per_task_scorers(), refit="mean", cv=2, error_score="raise"
    ).fit(X, Y[:, :2])
    assert len(search.cv_results_["params"]) == 12
    spec = clone(model).set_params(task_schedule=Sampled(), task_schedule__n_tasks=2)
    assert spec.task_schedule.n_tasks == 2
