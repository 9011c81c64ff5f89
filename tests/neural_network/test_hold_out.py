"""Groups that hold-outs do not divide, and validation sets that replace them."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.exceptions import MissingLabelWarning, TaskError
from tests.neural_network.nets import (
    ALL,
    parameters,
    same_bits,
    table,
    targets_of,
    tiny,
    with_gaps,
)

HELD = {"early_stopping": True, "lr_schedule": "constant"}


def parts(n_train=90, n_val=40):
    """Return X, y, X_val, y_val of a classifier of two tasks."""
    X, y = table(n_train + n_val)
    y = y[:, :2]
    return X[:n_train], y[:n_train], X[n_train:], y[n_train:]


class TestGroups:
    @pytest.mark.parametrize("n_members", [1, 3])
    @pytest.mark.parametrize("cls", ALL)
    def test_a_group_is_held_out_as_a_whole(self, cls, n_members, monkeypatch):
        X, y = table(90)
        groups, drawn = np.repeat(list("abcdefghi"), 10), []
        from sklearn_mtl.neural_network.training import _training

        def record(*args):
            drawn.append(draw_folds(*args))
            return drawn[-1]

        draw_folds = _training.draw_folds
        monkeypatch.setattr(_training, "draw_folds", record)
        model = tiny(cls, n_members=n_members, **HELD)
        model.fit(X, targets_of(cls, with_gaps(y)), groups=groups)
        for trains in drawn[0]:
            assert not set(groups[trains]) & set(groups[~trains])
            assert 0 < trains.sum() < 90

    def test_names_of_groups_do_not_matter(self):
        X, y, _, _ = parts()
        number = np.arange(90) // 7
        text = np.array([f"subject {20 - g}" for g in number])
        one, two = (
            tiny(MultiTaskClassifier, n_members=3, **HELD).fit(X, y, groups=groups)
            for groups in (number, text)
        )
        assert same_bits(one, two)

    def test_groups_change_nothing_where_nothing_is_held_out(self):
        X, y, _, _ = parts()
        model = tiny(MultiTaskClassifier, early_stopping=False)
        plain = tiny(MultiTaskClassifier, early_stopping=False).fit(X, y)
        assert same_bits(model.fit(X, y, groups=np.arange(90) // 7), plain)

    def test_fewer_groups_than_members(self):
        X, y, _, _ = parts()
        groups = np.arange(90) // 30
        model = tiny(MultiTaskClassifier, n_members=8, **HELD).fit(X, y, groups=groups)
        assert np.isfinite(model.oof_prediction_[0]).all()

    def test_one_group_holds_nothing_out_and_says_so(self):
        X, y, _, _ = parts()
        model = tiny(MultiTaskClassifier, n_members=3, **HELD)
        with pytest.warns(UserWarning, match="all samples are in one group, so"):
            model.fit(X, y, groups=np.zeros(90))
        assert not hasattr(model, "oof_prediction_")
        assert "valid_loss" not in model.history_

    def test_groups_of_another_length_are_refused(self):
        X, y, _, _ = parts()
        with pytest.raises(ValueError, match="Classifier: groups has 4 samples, X"):
            tiny(MultiTaskClassifier).fit(X, y, groups=[1, 1, 2, 2])


class TestTasksInOneGroup:
    """A member that holds out all labels of a task has nothing to say about it."""

    @pytest.fixture
    def fitted(self):
        X, y = table(90)
        y = y[:, [2, 2]] + 1000.0
        groups = np.arange(90) // 10
        y[groups != 4, 1] = np.nan
        model = tiny(MultiTaskRegressor, n_members=3, max_epochs=30, **HELD)
        with pytest.warns(MissingLabelWarning, match=r"1 of 2 tasks .*: \['task1'\]"):
            model.fit(X, y, groups=groups)
        return X, y, groups, model

    def test_its_out_of_fold_predictions_are_missing(self, fitted):
        _, _, groups, model = fitted
        first, second = model.oof_prediction_
        assert np.isfinite(first).all()
        assert np.isnan(second[groups == 4]).all()

    def test_the_other_members_predict_the_task(self, fitted):
        X, y, groups, model = fitted
        found = model.predict(X)[:, 1]
        seen = groups == 4
        assert np.abs(found[seen] - y[seen, 1]).max() < 5

    def test_its_held_out_loss_is_unknown(self, fitted):
        _, _, _, model = fitted
        assert np.isnan(model.history_["valid_loss"][:, 1]).all()
        assert np.isfinite(model.history_["valid_criterion"]).all()


def test_a_single_label_is_not_averaged_with_members_that_have_not_seen_it():
    X, y = table(60)
    y = y[:, [2, 2]].copy()
    y[1:, 1] = np.nan
    y[0, 1] = 1000.0
    model = tiny(MultiTaskRegressor, n_members=3, **HELD).fit(X, y)
    np.testing.assert_allclose(model.predict(X)[:, 1], 1000.0)
    assert np.isnan(model.oof_prediction_[1][0])


class TestValidation:
    @pytest.mark.parametrize("n_members", [1, 3])
    def test_the_epoch_is_chosen_on_it_and_all_samples_train(self, n_members):
        X, y, X_val, y_val = parts()
        arguments = {"n_members": n_members, "lr": 0.1, "max_epochs": 60}
        arguments |= {"lr_schedule": "constant", "dtype": "float64"}
        model = tiny(MultiTaskClassifier, **arguments).fit(
            X, y, X_val=X_val, y_val=y_val
        )
        assert model.best_epoch_ < model.n_iter_
        arguments["max_epochs"] = model.best_epoch_
        whole = tiny(MultiTaskClassifier, early_stopping=False, **arguments).fit(X, y)
        assert same_bits(model, whole)

    @pytest.mark.parametrize("cls", ALL)
    def test_the_held_out_loss_is_that_of_its_labels(self, cls):
        X, y = table(130)
        y = targets_of(cls, with_gaps(y))
        w = np.random.default_rng(0).uniform(size=40)
        regression = {} if cls is MultiTaskClassifier else {"clip_predictions": False}
        model = tiny(cls, dtype="float64", **HELD, **regression)
        model.fit(X[:90], y[:90], X_val=X[90:], y_val=y[90:], sample_weight_val=w)
        found = model.history_["valid_loss"][model.best_epoch_ - 1]
        for t, output in enumerate(model._task_outputs(X[90:])):
            seen = ~np.isnan(y[90:, t])
            labels = y[90:, t][seen]
            if output.ndim == 2:
                losses = -np.log(output[seen, labels.astype(int)])
            else:
                losses = ((output[seen] - labels) / np.nanstd(y[:90, t])) ** 2
            expected = np.average(losses, weights=w[seen])
            assert found[t] == pytest.approx(expected, rel=1e-6)

    def test_there_are_no_out_of_fold_predictions(self):
        X, y, X_val, y_val = parts()
        model = tiny(MultiTaskClassifier, n_members=3)
        model.fit(X, y, X_val=X_val[:30], y_val=y_val[:30])  # 3 * 30 is 90
        assert not hasattr(model, "oof_prediction_")

    def test_class_weights_are_those_of_the_training_set(self):
        X, y, X_val, y_val = parts()
        rare = np.flatnonzero(y[:, 0] == 1)[5:]
        X, y = np.delete(X, rare, axis=0), np.delete(y, rare, axis=0)
        share = np.bincount(y[:, 0].astype(int))
        by_hand = dict(enumerate((len(y) / (2 * share)).tolist()))
        losses = [
            tiny(MultiTaskClassifier, class_weight=class_weight, **HELD)
            .fit(X, y[:, 0], X_val=X_val, y_val=y_val[:, 0])
            .history_["valid_loss"]
            for class_weight in ("balanced", by_hand)
        ]
        np.testing.assert_array_equal(*losses)

    def test_frames_with_names_and_classes_of_text(self):
        import pandas as pd

        X, y, X_val, y_val = parts()
        X, X_val = (pd.DataFrame(one, columns=list("abcd")) for one in (X, X_val))
        text = np.array(["low", "mid", "high"])

        def named(y):
            return pd.DataFrame(
                {"sick": y[:, 0] > 0, "grade": text[y[:, 1].astype(int)]}
            )

        model = tiny(MultiTaskClassifier, **HELD)
        model.fit(X, named(y), X_val=X_val, y_val=named(y_val))
        assert np.isfinite(model.history_["valid_loss"]).all()
        swapped = tiny(MultiTaskClassifier, **HELD).fit(
            X, named(y), X_val=X_val, y_val=named(y_val)[["grade", "sick"]]
        )
        assert same_bits(model, swapped)
        other = named(y_val).rename(columns={"sick": "ill"})
        with pytest.raises(TaskError, match="y_val"):
            model.fit(X, named(y), X_val=X_val, y_val=other)

    def test_a_pipeline_transforms_it_if_told(self):
        X, y, X_val, y_val = parts()
        scaler, arguments = StandardScaler().fit(X), {"dtype": "float64", **HELD}
        by_hand = tiny(MultiTaskClassifier, **arguments).fit(
            scaler.transform(X), y, X_val=scaler.transform(X_val), y_val=y_val
        )
        with config_context(enable_metadata_routing=True):
            net = tiny(MultiTaskClassifier, **arguments)
            net.set_fit_request(X_val=True, y_val=True)
            model = Pipeline(
                [("scale", StandardScaler()), ("net", net)], transform_input=["X_val"]
            ).fit(X, y, X_val=X_val, y_val=y_val)
        np.testing.assert_array_equal(
            model[-1].history_["valid_loss"], by_hand.history_["valid_loss"]
        )

    def test_untransformed_frames_in_a_pipeline_are_told_by_their_names(self):
        import pandas as pd

        X, y, X_val, y_val = parts()
        X, X_val = (pd.DataFrame(one, columns=list("abcd")) for one in (X, X_val))
        model = make_pipeline(StandardScaler(), tiny(MultiTaskClassifier, **HELD))
        given = {"X_val": X_val, "y_val": y_val}
        with pytest.warns(UserWarning, match="X has feature names, but Multi"):
            model.fit(
                X, y, **{f"multitaskclassifier__{k}": v for k, v in given.items()}
            )


class TestErrors:
    def refuse(self, message, kind=ValueError, model=None, **given):
        X, y, X_val, y_val = parts()
        model = tiny(MultiTaskClassifier) if model is None else model
        given = {"X_val": X_val, "y_val": y_val, **given}
        with pytest.raises(kind, match=message):
            model.fit(X, y, **given)

    def test_half_a_validation_set(self):
        self.refuse("X_val came without y_val", y_val=None)
        self.refuse("y_val came without X_val", X_val=None)
        self.refuse("without X_val", X_val=None, y_val=None, sample_weight_val=[1.0])

    def test_groups_beside_it(self):
        self.refuse("groups and X_val are both given", groups=np.arange(90))

    def test_no_early_stopping(self):
        model = tiny(MultiTaskClassifier, early_stopping=False)
        self.refuse("because early_stopping is False", model=model)

    def test_other_columns(self):
        self.refuse(
            "X_val does not go with X: X has 3 features, but MultiTaskClassifier is "
            "expecting 4",
            X_val=np.ones((40, 3)),
        )

    def test_another_length(self):
        self.refuse("X_val has 30 samples and y_val has 40", X_val=np.ones((30, 4)))

    def test_other_tasks_and_classes(self):
        self.refuse("y_val has 3 tasks, but 2", TaskError, y_val=np.ones((40, 3)))
        unseen = np.full((40, 2), 7.0)
        self.refuse("'task0' has 40 labels in y_val that are", TaskError, y_val=unseen)

    def test_weights_of_another_shape(self):
        message = r"sample_weight_val has shape \(39,\)"
        self.refuse(message, sample_weight_val=np.ones(39))

    def test_a_task_without_a_label(self):
        y_val = parts()[3].copy()
        y_val[:, 1] = np.nan
        message = r"1 of 2 tasks have no label in y_val: \['task1'\]"
        self.refuse(message, TaskError, y_val=y_val)
        model = tiny(MultiTaskClassifier, on_empty_task="warn")
        X, y, X_val, _ = parts()
        with pytest.warns(MissingLabelWarning, match=message):
            model.fit(X, y, X_val=X_val, y_val=y_val)
        assert np.isnan(model.history_["valid_loss"][:, 1]).all()
        self.refuse("2 of 2 tasks", TaskError, model=model, y_val=y_val * np.nan)

    def test_weightless_labels_are_no_labels(self):
        w = np.ones((40, 2))
        w[:, 1] = 0
        self.refuse("no label in y_val", TaskError, sample_weight_val=w)


def test_what_is_not_fitted_needs_no_label_there():
    X, y, X_val, y_val = parts()
    y[:, 1] = 1.0  # a single class in y; others in y_val say nothing
    model = tiny(MultiTaskMixedEstimator, **HELD, task_types="classification")
    with pytest.warns(UserWarning, match="single class"):
        model.fit(X, y, X_val=X_val, y_val=y_val)
    assert parameters(model)


def test_warm_start_goes_on_with_another_validation_set():
    X, y, X_val, y_val = parts()
    model = tiny(MultiTaskClassifier, warm_start=True, **HELD)
    model.fit(X, y).fit(X, y, X_val=X_val, y_val=y_val)
    assert np.isfinite(model.history_["valid_loss"]).all()
    with pytest.raises(ValueError, match="X_val does not go with X"):
        model.fit(X, y, X_val=X_val[:, :2], y_val=y_val)
