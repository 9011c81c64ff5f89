"""A saved model answers as before, and is as small as it can be."""

import io
import os
import pickle
import subprocess
import sys
import warnings

import joblib
import numpy as np
import pytest
import torch
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from skorch.callbacks import EarlyStopping, PrintLog
from torch import nn

import sklearn_mtl
from sklearn_mtl import (
    IndependentTasks,
    MultiTaskClassifier,
    MultiTaskLinearRegressor,
    MultiTaskRegressor,
)
from sklearn_mtl.exceptions import OtherVersionWarning
from sklearn_mtl.neighbors import NeighborRetriever
from tests.equivalences.inputs import NEW, ZOO, X, fitted, outputs
from tests.persistence.memory import load_and_measure, on_linux
from tests.zoo import RETRIEVERS, SMALL_NET, RowConv

#: The caller's own classes in the zoo.
OWN = (RowConv,)
LARGE_NET = {**SMALL_NET, "hidden_layer_sizes": (512, 512), "max_epochs": 1}
Y = np.column_stack([X[:, 0] > 0, X[:, 1] > 0]).astype(float)


def again(model, path, **options):
    sklearn_mtl.save(model, path, trusted=OWN, **options)
    return sklearn_mtl.load(path, trusted=OWN)


def assert_alike(model, found, inputs):
    assert repr(found) == repr(model)
    answer = outputs if hasattr(model, "_task_outputs") else type(model).predict
    np.testing.assert_array_equal(answer(found, inputs), answer(model, inputs))


@pytest.mark.parametrize("training_state", [False, True])
@pytest.mark.parametrize(("kind", "name"), ZOO)
def test_a_loaded_model_gives_the_same_answers(kind, name, training_state, tmp_path):
    model = fitted(kind, name)
    found = again(model, tmp_path / "it", training_state=training_state)
    assert_alike(model, found, NEW)


@pytest.mark.parametrize(("kind", "name"), ZOO)
def test_a_model_that_is_not_fitted_can_be_saved(kind, name, tmp_path):
    model = ZOO[kind, name]()
    found = again(model, tmp_path / "it")
    assert repr(found) == repr(model)
    assert not hasattr(found, "task_set_")


@pytest.mark.parametrize("name", RETRIEVERS)
def test_a_retriever_finds_the_same(name, tmp_path):
    retriever = RETRIEVERS[name]().fit(X, Y)
    found = again(retriever, tmp_path / "it")
    for one, other in zip(
        retriever.kneighbors(NEW, 3), found.kneighbors(NEW, 3), strict=True
    ):
        np.testing.assert_array_equal(one, other)


PARTS = {
    "logistic": lambda: LogisticRegression(),
    "forest": lambda: RandomForestClassifier(5, random_state=0),
    "histograms": lambda: HistGradientBoostingClassifier(max_iter=5),
    "neighbours": lambda: KNeighborsClassifier(algorithm="kd_tree"),
    "compiled loss": lambda: SGDClassifier(loss="log_loss", random_state=0),
    "pipeline": lambda: make_pipeline(
        FunctionTransformer(np.exp), StandardScaler(), LogisticRegression()
    ),
}


@pytest.mark.parametrize("name", PARTS)
def test_parts_of_scikit_learn_are_saved_too(name, tmp_path):
    pytest.importorskip("skops", reason="skops is not installed (extra save)")
    model = IndependentTasks(PARTS[name]()).fit(X, Y)
    assert_alike(model, again(model, tmp_path / "it"), NEW)


def test_pipelines_and_searches_of_our_models_are_saved(tmp_path):
    model = make_pipeline(StandardScaler(), MultiTaskRegressor(**SMALL_NET))
    model.fit(X, X[:, :2])
    assert_alike(model, again(model, tmp_path / "it"), NEW)
    grid = {"alpha": [0.1, 1.0]}
    linear = MultiTaskLinearRegressor(penalty="ridge")
    search = GridSearchCV(linear, grid, cv=2).fit(X, X[:, :2])
    found = again(search, tmp_path / "it")
    assert_alike(search, found, NEW)
    for key, value in search.cv_results_.items():
        np.testing.assert_array_equal(found.cv_results_[key], value)


def test_what_is_shared_stays_shared(tmp_path):
    model = MultiTaskClassifier(**SMALL_NET).fit(X, Y)
    found = again(model, tmp_path / "it", training_state=True)
    assert found.net_ is found._state.net
    trained = {id(p) for g in found.net_.optimizer_.param_groups for p in g["params"]}
    assert trained == {
        id(p) for p in found.net_.module_.parameters() if p.requires_grad
    }


@pytest.mark.parametrize("balancing", ["sum", "uncertainty", "gradnorm"])
def test_training_goes_on_as_if_nothing_had_been_saved(balancing, tmp_path):
    model = MultiTaskClassifier(**SMALL_NET, balancing=balancing, warm_start=True)
    model.fit(X, Y)
    found = again(model, tmp_path / "it", training_state=True)
    assert_alike(model.fit(X, Y), found.fit(X, Y), NEW)


def test_partial_fit_goes_on_too(tmp_path):
    model = MultiTaskRegressor(**SMALL_NET).partial_fit(X[:30], X[:30, :2])
    found = again(model, tmp_path / "it", training_state=True)
    for one in (model, found):
        one.partial_fit(X[30:], X[30:, :2])
    assert_alike(model, found, NEW)


def test_without_training_state_it_is_said_that_training_cannot_go_on(tmp_path):
    model = MultiTaskClassifier(**SMALL_NET | {"n_members": 2, "early_stopping": True})
    found = again(model.fit(X, Y), tmp_path / "it")
    with pytest.raises(ValueError, match="training_state=True"):
        found.partial_fit(X, Y)
    with pytest.raises(AttributeError, match="training_state=True"):
        found.oof_prediction_  # noqa: B018
    assert_alike(model.fit(X, Y), found.fit(X, Y), NEW)


def test_a_net_for_predictions_is_hardly_larger_than_its_parameters(tmp_path):
    model = MultiTaskClassifier(**LARGE_NET).fit(X, Y)
    sklearn_mtl.save(model, tmp_path / "it")
    n_bytes = sum(p.numel() * p.element_size() for p in model.net_.module_.parameters())
    assert n_bytes > 1e6
    assert os.path.getsize(tmp_path / "it") <= 1.1 * n_bytes


@pytest.mark.parametrize(("kind", "name"), ZOO)
def test_a_file_is_no_larger_than_joblibs_and_20_kilobytes(kind, name, tmp_path):
    model = fitted(kind, name)
    sklearn_mtl.save(model, tmp_path / "it", trusted=OWN)
    pickled = io.BytesIO()
    joblib.dump(model, pickled)
    assert os.path.getsize(tmp_path / "it") <= len(pickled.getvalue()) + 20_000


@on_linux
def test_loading_takes_twice_the_file_and_a_little(tmp_path):
    options = {**LARGE_NET, "hidden_layer_sizes": (4000, 4000)}
    sklearn_mtl.save(MultiTaskClassifier(**options).fit(X, Y), tmp_path / "it")
    size = os.path.getsize(tmp_path / "it")
    assert size > 60e6
    [(what, peak)] = load_and_measure(tmp_path / "it")
    assert what == "loaded"
    assert size < peak <= 2 * size + 50e6


def test_the_same_model_gives_the_same_bytes(tmp_path):
    model = MultiTaskLinearRegressor().fit(X, X[:, :2])
    files = [tmp_path / "one", tmp_path / "other"]
    for file in files:
        sklearn_mtl.save(model, file)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_clean_process_loads_it(tmp_path):
    model = MultiTaskClassifier(**SMALL_NET).fit(X, Y)
    sklearn_mtl.save(model, tmp_path / "it")
    np.save(tmp_path / "new.npy", NEW)
    code = (
        "import sys, numpy, sklearn_mtl\n"
        "model = sklearn_mtl.load(sys.argv[1])\n"
        "numpy.save(sys.argv[3], model.predict(numpy.load(sys.argv[2])))\n"
    )
    paths = [str(tmp_path / name) for name in ("it", "new.npy", "out.npy")]
    subprocess.run([sys.executable, "-c", code, *paths], check=True)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), model.predict(NEW))


class OwnActivation(nn.Module):
    def forward(self, x):
        return x.tanh()


def own_trunk(n_features):
    return nn.Sequential(nn.Linear(n_features, 8), OwnActivation())


def test_own_classes_are_refused_by_name_unless_they_are_trusted(tmp_path):
    model = MultiTaskClassifier(**SMALL_NET, trunk=own_trunk).fit(X, Y)
    path = tmp_path / "it"
    with pytest.raises(TypeError, match=r"MultiTaskClassifier.*own_trunk.*trusted"):
        sklearn_mtl.save(model, path)
    assert not path.exists()
    with pytest.raises(TypeError, match="OwnActivation"):
        sklearn_mtl.save(model, path, trusted=[own_trunk])
    sklearn_mtl.save(model, path, trusted=[own_trunk, OwnActivation])
    with pytest.raises(TypeError, match="neither allowed nor trusted"):
        sklearn_mtl.load(path)
    found = sklearn_mtl.load(path, trusted=[OwnActivation, own_trunk])
    assert_alike(model, found, NEW)


def test_a_lambda_is_refused(tmp_path):
    model = make_pipeline(FunctionTransformer(lambda x: x), MultiTaskLinearRegressor())
    with pytest.raises(TypeError, match=r"Pipeline.*func.*<lambda>"):
        sklearn_mtl.save(model, tmp_path / "it")


@pytest.mark.parametrize("text", ["saved model", ""])
def test_a_full_disk_leaves_the_old_file(text, tmp_path, monkeypatch):
    path = tmp_path / "it"
    if text:
        path.write_text(text)

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        sklearn_mtl.save(MultiTaskLinearRegressor(), path)
    assert [file.name for file in tmp_path.iterdir()] == (["it"] if text else [])
    assert not text or path.read_text() == text


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="folder does not exist") as caught:
        sklearn_mtl.save(MultiTaskLinearRegressor(), tmp_path / "no" / "it")
    assert caught.value.filename == str(tmp_path / "no")
    with pytest.raises(IsADirectoryError, match="replace a folder"):
        sklearn_mtl.save(MultiTaskLinearRegressor(), tmp_path)


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        ({"a": 1}, "an object of class dict"),
        (None, "an object of class NoneType"),
        ([MultiTaskLinearRegressor()], "an object of class list"),
        (MultiTaskLinearRegressor, "the class MultiTaskLinearRegressor"),
    ],
)
def test_only_estimators_are_saved(thing, said, tmp_path):
    with pytest.raises(TypeError, match=f"save: {said} is not an estimator"):
        sklearn_mtl.save(thing, tmp_path / "it")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("trusted", ["abc", RowConv, 3, ["os.system"], [RowConv, None]])
def test_what_is_trusted_are_classes_and_functions(trusted, tmp_path):
    for function in (sklearn_mtl.save, sklearn_mtl.load):
        options = [MultiTaskLinearRegressor()] if function is sklearn_mtl.save else []
        with pytest.raises(TypeError, match=r"trusted.*\[MyTrunk\]"):
            function(*options, tmp_path / "it", trusted=trusted)


def test_another_version_is_warned_of(tmp_path, monkeypatch):
    model = MultiTaskLinearRegressor().fit(X, X[:, :2])
    with monkeypatch.context() as patch:
        patch.setattr("sklearn_mtl.persistence._save.__version__", "0.0.1")
        sklearn_mtl.save(model, tmp_path / "it")
    with pytest.warns(OtherVersionWarning, match=r"saved with sklearn_mtl 0\.0\.1"):
        found = sklearn_mtl.load(tmp_path / "it")
    assert_alike(model, found, NEW)


@pytest.mark.parametrize(("kind", "name"), ZOO)
def test_a_pickle_of_another_version_is_warned_of(kind, name, monkeypatch):
    model = ZOO[kind, name]()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pickle.loads(pickle.dumps(model))
    with monkeypatch.context() as patch:
        patch.setattr("sklearn_mtl.utils._versioned.__version__", "0.0.1")
        data = pickle.dumps(model)
    with pytest.warns(OtherVersionWarning, match=r"pickled with sklearn_mtl 0\.0\.1"):
        found = pickle.loads(data)
    assert repr(found) == repr(model)


def test_the_global_generators_are_left_alone(tmp_path):
    model = MultiTaskClassifier(**SMALL_NET).fit(X, Y)
    before, state = torch.random.get_rng_state(), np.random.get_state()  # noqa: NPY002
    again(model, tmp_path / "it")
    assert torch.equal(torch.random.get_rng_state(), before)
    assert (np.random.get_state()[1] == state[1]).all()  # noqa: NPY002


def test_retrievers_share_their_rows_with_the_index(tmp_path):
    retriever = NeighborRetriever(StandardScaler()).fit(X, Y)
    found = again(retriever, tmp_path / "it")
    assert found.index_.rows_ is found.embedding_


def test_paths_among_the_parameters_are_saved(tmp_path):
    model = MultiTaskRegressor(checkpoint=tmp_path / "checkpoints")
    sklearn_mtl.save(model, tmp_path / "m.mtl")
    assert sklearn_mtl.load(tmp_path / "m.mtl").checkpoint == model.checkpoint


class Slotted:
    __slots__ = ("value",)


class PartlySlotted(Slotted):
    pass


def test_attributes_in_slots_are_saved(tmp_path):
    model = MultiTaskLinearRegressor()
    model.one, model.other = Slotted(), PartlySlotted()
    model.one.value, model.other.value, model.other.more = 1, 2, 3
    sklearn_mtl.save(model, tmp_path / "m.mtl", trusted=(Slotted, PartlySlotted))
    trusted = [Slotted, PartlySlotted]
    found = sklearn_mtl.load(tmp_path / "m.mtl", trusted=trusted)
    assert (found.one.value, found.other.value, found.other.more) == (1, 2, 3)


COMPOSITES = {
    "bagging of votes": lambda: BaggingClassifier(vote(), n_estimators=2),
    "stack of votes": lambda: stack(),
    "frozen": lambda: FrozenEstimator(vote().fit(X, Y[:, 0])),
    "calibrated": lambda: CalibratedClassifierCV(LogisticRegression(), cv=2),
    "columns": lambda: make_pipeline(
        ColumnTransformer([("s", StandardScaler(), [0]), ("p", PCA(1), [1, 2])]),
        LogisticRegression(),
    ),
    "boosting": lambda: GradientBoostingClassifier(n_estimators=3, random_state=0),
}


def vote():
    members = [("l", LogisticRegression()), ("t", DecisionTreeClassifier(max_depth=2))]
    return VotingClassifier(members, voting="soft")


def stack():
    return StackingClassifier([("l", LogisticRegression()), ("v", vote())], cv=2)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", COMPOSITES)
def test_models_of_models_of_scikit_learn_are_saved_for_several_tasks(name, tmp_path):
    pytest.importorskip("skops", reason="skops is not installed (extra save)")
    model = IndependentTasks(COMPOSITES[name]()).fit(X, Y)
    found = again(model, tmp_path / "it")
    for one, other in zip(
        model.predict_proba(NEW), found.predict_proba(NEW), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    assert_alike(model, again(found, tmp_path / "again"), NEW)


def test_what_is_shared_across_dictionaries_of_their_own_class_stays_in_order(tmp_path):
    inner = VotingClassifier([("a", LogisticRegression())])
    model = IndependentTasks(
        AdaBoostClassifier(n_estimators=2, random_state=0), by_task={"task0": inner}
    )
    y = np.column_stack([Y, Y[:, 0] * Y[:, 1]])
    assert_alike(model.fit(X, y), again(model, tmp_path / "it"), NEW)


def test_a_model_whose_arrays_are_in_a_file_is_saved(tmp_path):
    model = fitted("regressor", "linear")
    joblib.dump(model, tmp_path / "it.joblib")
    mapped = joblib.load(tmp_path / "it.joblib", mmap_mode="r")
    assert_alike(model, again(mapped, tmp_path / "it"), NEW)


def test_callbacks_of_skorch_are_saved(tmp_path):
    callbacks = [("stop", EarlyStopping("train_loss")), ("log", PrintLog())]
    options = {**SMALL_NET, "callbacks": callbacks, "max_epochs": 2}
    model = MultiTaskClassifier(**options).fit(X, Y)
    found = again(model, tmp_path / "it")
    np.testing.assert_array_equal(found.predict_proba(NEW), model.predict_proba(NEW))
    assert [name for name, _ in found.callbacks] == ["stop", "log"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_an_old_file_keeps_its_permissions_and_a_link_its_target(tmp_path):
    path, link = tmp_path / "it", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o600)
    link.symlink_to(path)
    sklearn_mtl.save(MultiTaskLinearRegressor(), link)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o600
    assert isinstance(sklearn_mtl.load(path), MultiTaskLinearRegressor)
