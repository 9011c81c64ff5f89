import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import spearmanr
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import IndependentTasks, MultiTaskMixedEstimator, MultiTaskRegressor
from sklearn_mtl.datasets import make_multitask_regression
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.inspection import task_affinity
from sklearn_mtl.inspection._gains import _shared_sets
from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from sklearn_mtl.model_selection import MultiTaskStratifiedKFold, per_task_scorers
from tests.zoo import SMALL_NET

TRUTH = np.array([0, 0, 0, 1, 1])
# few units: tasks that need others must compete for them
NARROW = MultiTaskRegressor(**{**SMALL_NET, "hidden_layer_sizes": (2,)})
LOW_RANK = MultiTaskLinearRegressor(penalty="trace", alpha=0.3)
OFF = ~np.eye(5, dtype=bool)
TOGETHER = (TRUTH[:, None] == TRUTH) & OFF


@pytest.fixture(scope="module")
def many():
    """Many rows of five regressions in two groups."""
    return make_multitask_regression(
        2400, 10, 5, n_groups=TRUTH, relatedness=0.95, noise=1.0, random_state=1
    )


@pytest.fixture(scope="module")
def grouped(many):
    """A few of these rows; task1 is turned over."""
    X, y = many[0][:240], many[1][:240].copy()
    y[:, 1] *= -1
    return X, y


def by_task(values):
    """Subtract the mean of every column: whom does a task gain from?"""
    return (values - np.nanmean(np.where(OFF, values, np.nan), axis=0))[OFF]


@pytest.fixture(scope="module")
def gains(many):
    """Gains of a low-rank model in company, scored on many rows."""
    rows = np.arange(2400)
    cv = [(rows[i : i + 40], rows[400:]) for i in range(0, 400, 40)]
    return task_affinity(LOW_RANK, *many, cv=cv).values


class TestAgreement:
    """How well every measure ranks the partners of a task by what they bring it.

    Here and over more seeds, in benchmarks/grouping.py, as Spearman's correlation.
    """

    @pytest.mark.parametrize(
        ("method", "least"),
        [("gain", 0.5), ("lookahead", 0.7), ("gradient", 0.7), ("label", 0.7)],
    )
    def test_ranks_correlate_with_trained_gains(self, grouped, gains, method, least):
        model = LOW_RANK if method == "gain" else NARROW
        found = task_affinity(model, *grouped, method=method, random_state=0)
        rho = spearmanr(by_task(found.values), by_task(gains)).statistic
        assert rho > least

    @pytest.mark.parametrize("method", ["lookahead", "gradient", "label"])
    def test_a_flipped_target_is_related(self, grouped, method):
        found = task_affinity(NARROW, *grouped, method=method, random_state=0)
        assert found.values[0, 1] > found.values[0, 3:].max()
        assert found.values[TOGETHER].min() > np.median(found.values[OFF & ~TOGETHER])


class TestGain:
    def test_it_is_the_difference_of_scores_by_hand(self, grouped):
        X, y = grouped[0], grouped[1][:, :2]
        cv = MultiTaskStratifiedKFold(3, shuffle=True, random_state=0)
        found = task_affinity(LOW_RANK, X, y, cv=cv, scoring="r2").values
        scores = {
            name: np.mean(
                [
                    [
                        per_task_scorers("r2")(model.fit(X[a], y[a]), X[b], y[b])[task]
                        for task in ("task0", "task1")
                    ]
                    for a, b in cv.split(X, y)
                ],
                axis=0,
            )
            for name, model in [
                ("pair", LOW_RANK),
                ("alone", IndependentTasks(LOW_RANK)),
            ]
        }
        gain = scores["pair"] - scores["alone"]
        np.testing.assert_allclose(found, [[0, gain[1]], [gain[0], 0]])

    def test_what_shares_nothing_gains_nothing(self, grouped):
        found = task_affinity(LinearRegression(), *grouped, cv=2)
        np.testing.assert_allclose(found.values, 0, atol=1e-12)
        assert found.n_fits == (5 + 10) * 2

    def test_fewer_larger_sets_stand_for_the_pairs(self, grouped):
        found = task_affinity(LOW_RANK, *grouped, cv=2, max_sets=12, random_state=0)
        assert found.n_fits <= 12 * 2
        assert np.isfinite(found.values).all()

    @pytest.mark.parametrize(("n_tasks", "max_sets"), [(30, 80), (139, 400)])
    def test_every_pair_is_in_one_of_the_sets(self, n_tasks, max_sets):
        sets = _shared_sets(n_tasks, max_sets, 0)
        assert n_tasks + len(sets) <= max_sets
        seen = np.zeros((n_tasks, n_tasks))
        for one in sets:
            seen[np.ix_(one, one)] += 1
        assert (seen > 0).all()
        assert len({len(one) for one in sets}) == 1

    def test_a_subsample_is_enough(self, grouped):
        X, y = grouped
        found = task_affinity(LOW_RANK, X, y, max_samples=0.5, random_state=0)
        again = task_affinity(LOW_RANK, X, y, max_samples=120, random_state=0)
        whole = task_affinity(LOW_RANK, X, y, random_state=0)
        np.testing.assert_array_equal(found.values, again.values)
        assert not np.allclose(found.values, whole.values)

    def test_memory_keeps_the_scores(self, grouped, tmp_path):
        arguments = {"cv": 2, "memory": str(tmp_path), "random_state": 0}
        first = task_affinity(Ridge(), *grouped, **arguments)
        n_kept = len(list(tmp_path.rglob("output.pkl")))
        again = task_affinity(Ridge(), *grouped, **arguments)
        assert n_kept == first.n_fits
        assert len(list(tmp_path.rglob("output.pkl"))) == n_kept
        np.testing.assert_array_equal(first.values, again.values)

    def test_a_progress_bar_says_how_many_fits(self, grouped, monkeypatch):
        import tqdm

        seen = {}

        def bar(done, **kwargs):
            seen.update(kwargs)
            return done

        monkeypatch.setattr(tqdm, "tqdm", bar)
        task_affinity(Ridge(), *grouped, cv=2, verbose=True)
        assert seen["total"] == 30
        assert seen["disable"] is None  # a terminal decides


class TestOfNets:
    @pytest.mark.parametrize("method", ["gradient", "lookahead"])
    def test_measuring_changes_nothing_in_the_fit(self, grouped, method, monkeypatch):
        import sklearn_mtl.neural_network as room

        kept = []
        found = room.recorded_affinity

        def spy(net, recorder):
            kept.append(net)
            return found(net, recorder)

        monkeypatch.setattr(room, "recorded_affinity", spy)
        X, y = grouped
        task_affinity(NARROW, X, y, method=method, random_state=0)
        plain = MultiTaskRegressor(**NARROW.get_params()).fit(X, y)
        np.testing.assert_array_equal(kept[0].predict(X), plain.predict(X))

    def test_cosines_are_those_of_gradients_by_autograd(self):
        import torch

        from sklearn_mtl.neural_network.objective._affinity import AffinityRecorder

        rng = np.random.default_rng(0)
        X = rng.normal(size=(50, 3))
        y = np.tanh(X @ rng.normal(size=(3, 2)))
        net = MultiTaskRegressor(**{**SMALL_NET, "max_epochs": 1, "lr": 0.1})
        recorder = AffinityRecorder("gradient", 0)
        net.set_params(callbacks=[recorder]).fit(X, y)
        module = net.net_.module_
        x = torch.as_tensor(net._state.preparation.transform(net._read_fitted(X)))
        target = torch.as_tensor((y - y.mean(axis=0)) / y.std(axis=0)).to(x)
        parameters = module.shared_parameters()
        flat = []
        for t in range(2):
            loss = ((module(x[None])[0, :, t] - target[:, t]) ** 2).mean()
            parts = torch.autograd.grad(loss, parameters)
            flat.append(torch.cat([part.ravel() for part in parts]))
        cosine = torch.nn.functional.cosine_similarity(flat[0], flat[1], dim=0)
        assert recorder.mean()[0, 1] == pytest.approx(float(cosine), rel=1e-6)

    def test_lookahead_is_the_fall_of_a_loss_after_a_step_by_hand(self):
        import torch

        from sklearn_mtl.neural_network.objective._affinity import AffinityRecorder

        rng = np.random.default_rng(0)
        X = rng.normal(size=(50, 3))
        y = np.tanh(X @ rng.normal(size=(3, 2)))
        net = MultiTaskRegressor(**{**SMALL_NET, "max_epochs": 1, "lr": 0.1})
        recorder = AffinityRecorder("lookahead", 0)
        net.set_params(callbacks=[recorder]).fit(X, y)
        module = net.net_.module_
        x = torch.as_tensor(net._state.preparation.transform(net._read_fitted(X)))[None]
        target = torch.as_tensor((y - y.mean(axis=0)) / y.std(axis=0)).to(x)

        def losses():
            return ((module(x)[0] - target) ** 2).mean(dim=0)

        before = losses()
        parameters = module.shared_parameters()
        gradients = torch.autograd.grad(before[0], parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter -= 0.1 * gradient
            fall = 1 - losses() / before.detach()
        np.testing.assert_allclose(recorder.mean()[0], fall, rtol=1e-5)

    def test_mixed_types_gaps_and_names_in_a_pipeline(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(150, 4))
        y = pd.DataFrame(
            {
                "ill": np.where(X[:, 0] > 0, "yes", "no"),
                "stage": np.digitize(X[:, 0], [-1, 1]),
                "dose": X[:, 3] + 0.1 * rng.normal(size=150),
                "always": 1,
            }
        )
        y.loc[::4, "ill"] = None
        y.loc[1::4, "dose"] = np.nan
        small = {**SMALL_NET, "hidden_layer_sizes": (4,), "max_epochs": 10}
        net = MultiTaskMixedEstimator(**small)
        with pytest.warns(UserWarning, match="'always'"):
            found = task_affinity(
                make_pipeline(StandardScaler(), net), X, y, method="gradient"
            )
        frame = found.to_frame()
        assert list(frame.columns) == ["ill", "stage", "dose", "always"]
        assert frame.loc["ill", "stage"] > frame.loc["ill", "dose"]
        assert frame["always"].isna().all()

    def test_own_row_data_have_gradients_though_no_label_in_common(self):
        X, y = make_multitask_regression(
            300, 6, 3, n_groups=[0, 0, 1], n_informative=6, relatedness=1.0,
            noise=0.1, random_state=0,
        )  # fmt: skip
        y[np.arange(300)[:, None] % 3 != np.arange(3)] = np.nan
        found = task_affinity(NARROW, X, y, method="gradient", random_state=0).values
        assert found[0, 1] > max(found[0, 2], found[1, 2]) + 0.1

    @pytest.mark.parametrize("method", ["gradient", "lookahead"])
    @pytest.mark.parametrize("trunk", ["experts", "stitches", "own"])
    def test_every_kind_of_trunk_is_measured(self, grouped, method, trunk):
        from torch import nn

        from sklearn_mtl.modules import CrossStitch, MixtureOfExperts

        trunks = {
            "experts": MixtureOfExperts(n_experts=2),
            "stitches": CrossStitch(),
            "own": nn.Sequential(nn.Linear(10, 4), nn.BatchNorm1d(4), nn.Tanh()),
        }
        short = {**SMALL_NET, "max_epochs": 2, "trunk": trunks[trunk]}
        net = MultiTaskRegressor(**{**short, "n_members": 2})
        values = task_affinity(net, *grouped, method=method, random_state=0).values
        assert np.isfinite(values).all()
        if method == "gradient":
            np.testing.assert_allclose(np.diag(values), 1, rtol=1e-5)

    def test_sparse_inputs_are_measured(self, grouped):
        X = sparse.csr_array(np.where(np.abs(grouped[0]) > 1, grouped[0], 0))
        found = task_affinity(NARROW, X, grouped[1], method="gradient", random_state=0)
        assert np.isfinite(found.values).all()

    def test_the_same_seed_gives_the_same_values(self, grouped):
        one, two = (
            task_affinity(NARROW, *grouped, method="gradient", random_state=3)
            for _ in range(2)
        )
        np.testing.assert_array_equal(one.values, two.values)

    def test_a_cosine_is_symmetric_and_a_gain_is_not(self, grouped):
        cosines = task_affinity(NARROW, *grouped, method="gradient", random_state=0)
        assert cosines.is_symmetric
        np.testing.assert_allclose(
            cosines.values, cosines.values.T, rtol=1e-5, atol=1e-8
        )
        assert not task_affinity(LOW_RANK, *grouped, cv=2).is_symmetric


class TestLabels:
    def test_pairs_without_rows_in_common_are_told(self, grouped):
        X, y = grouped
        y = y.copy()
        y[:120, 0] = y[120:, 1] = np.nan
        with pytest.warns(UserWarning, match="1 of 10 pairs of tasks have too few"):
            found = task_affinity(None, X, y, method="label")
        assert np.isnan(found.values[0, 1])

    def test_an_estimator_says_what_the_tasks_are(self):
        rng = np.random.default_rng(0)
        y = rng.integers(4, size=(80, 2))
        y[:, 1] = (y[:, 0] * 2) % 4  # no order, but classes that go together
        X = np.zeros((80, 1))
        as_numbers = task_affinity(Ridge(), X, y, method="label").values[0, 1]
        as_classes = task_affinity(None, X, y, method="label").values[0, 1]
        assert as_classes == pytest.approx(1, abs=1e-6)
        assert as_numbers < 0.8


class TestErrors:
    def test_unknown_methods_are_named(self, grouped):
        with pytest.raises(ValueError, match=r"unknown method 'taste'.*'gain'"):
            task_affinity(NARROW, *grouped, method="taste")

    @pytest.mark.parametrize("method", ["gradient", "lookahead"])
    def test_a_net_is_needed(self, grouped, method):
        with pytest.raises(TypeError, match=f"'{method}' requires a net.*Ridge"):
            task_affinity(Ridge(), *grouped, method=method)

    def test_an_estimator_is_needed(self, grouped):
        with pytest.raises(TypeError, match="'gain' needs an estimator"):
            task_affinity(None, *grouped)

    def test_one_task_is_too_few(self, grouped):
        X, y = grouped
        with pytest.raises(TaskError, match="y has one task"):
            task_affinity(None, X, y[:, :1], method="label")

    @pytest.mark.parametrize("max_samples", [0.0, 1.5, 1000])
    def test_a_subsample_is_within_its_range(self, grouped, max_samples):
        with pytest.raises(ValueError, match="max_samples is"):
            task_affinity(LOW_RANK, *grouped, max_samples=max_samples)

    @pytest.mark.parametrize("max_sets", [0, 2.5])
    def test_a_number_of_sets_is_one(self, grouped, max_sets):
        with pytest.raises(ValueError, match="max_sets is"):
            task_affinity(LOW_RANK, *grouped, max_sets=max_sets)
