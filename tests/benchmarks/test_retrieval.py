"""Splits and summary of the retrieval benchmark, on pictures and records made here."""

import gzip

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from benchmarks._retrieval import new_classes, pictures
from benchmarks._retrieval.embeddings import NAMES
from benchmarks._retrieval.summary import print_table, quality_targets

N = 2400


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with both sets, of random pixels."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    np.savez(
        folder / f"{pictures.STEM}.npz",
        X=rng.integers(0, 255, (N, 1296), dtype=np.uint8),
        Y=rng.integers(0, 10, (N, 2)).astype(np.float32),
        is_train=np.arange(N) < N - 1000,
    )
    (folder / "fashion_mnist").mkdir()
    for part, n in (("train", 6100), ("t10k", 1000)):
        pixels = rng.integers(0, 255, (n, 784), dtype=np.uint8).tobytes()
        labels = rng.integers(0, 10, n, dtype=np.uint8).tobytes()
        for kind, head, body in (
            ("images-idx3", 16, pixels),
            ("labels-idx1", 8, labels),
        ):
            name = folder / "fashion_mnist" / f"{part}-{kind}-ubyte.gz"
            name.write_bytes(gzip.compress(bytes(head) + body, compresslevel=0))
    return folder


@pytest.mark.parametrize("problem", pictures.PROBLEMS)
def test_with_all_labels_the_gallery_is_what_was_learnt_from(folder, problem):
    split = pictures.load_split(problem, "full", 0, folder)
    np.testing.assert_array_equal(split.X_train, split.X_gallery)
    np.testing.assert_array_equal(split.y_train, split.y_gallery)
    assert len(split.X_query) == pictures.N_QUERIES
    assert np.isfinite(split.y_query).all()


@pytest.mark.parametrize("problem", pictures.PROBLEMS)
def test_scarce_labels_are_500_a_task_and_the_gallery_keeps_all(folder, problem):
    split = pictures.load_split(problem, "scarce", 0, folder)
    assert ((~np.isnan(split.y_train)).sum(axis=0) == pictures.N_SCARCE).all()
    assert not np.isnan(split.y_train).all(axis=1).any()
    assert np.isfinite(split.y_gallery).all()
    assert len(split.X_gallery) > len(split.X_train)


@pytest.mark.parametrize("problem", pictures.PROBLEMS)
def test_classes_that_are_held_out_are_in_no_training_picture(folder, problem):
    split = pictures.load_split(problem, "held out", 0, folder)
    for t in range(1 if problem == "fashion" else 2):
        trained = set(np.unique(split.y_train[:, t]))
        asked = split.y_query[:, t]
        held = split.y_gallery[:, t]
        assert len(trained) == 7
        assert not trained & set(asked[~np.isnan(asked)])
        assert set(asked[~np.isnan(asked)]) == set(held[~np.isnan(held)])
    if problem == "fashion":  # the group hangs on the class, so it is not asked
        assert np.isnan(split.y_query[:, 1]).all()


def test_the_group_of_a_class_is_the_same_everywhere(folder):
    split = pictures.load_split("fashion", "full", 1, folder)
    label, group = split.y_train.astype(int).T
    np.testing.assert_array_equal(pictures.GROUPS[label], group)


def test_what_is_not_there_has_a_reason(tmp_path, folder):
    assert pictures.why_not("overlap", tmp_path).endswith("is not there")
    assert pictures.why_not("fashion", folder) is None


class Means:
    """Stands for a net: pictures become the means of their rows."""

    def transform(self, X):
        return X.reshape(len(X), -1, 28 if X.shape[1] == 784 else 36).mean(axis=2)


@pytest.mark.parametrize("problem", pictures.PROBLEMS)
def test_a_choice_sees_training_classes_only(folder, problem, monkeypatch):
    split = pictures.load_split(problem, "held out", 0, folder)
    n_tasks = pictures.N_TASKS_HELD_OUT[problem]
    seen = []

    def fit(rest, name, seed):
        seen.append([set(np.unique(column)) for column in rest.y_train.T[:n_tasks]])
        return Means()

    monkeypatch.setattr(new_classes, "_fit", fit)
    choice = new_classes.choose(split, n_tasks, 0)
    assert choice.net in new_classes.NETS
    assert choice.weight in new_classes.WEIGHTS
    assert len(seen) == len(new_classes.NETS) * new_classes.N_DRAWS
    for classes in seen:
        for t, left in enumerate(classes):
            assert len(left) == 7 - new_classes.N_INNER
            assert left < set(np.unique(split.y_train[:, t]))


def test_weights_go_from_pixels_alone_to_the_net_alone():
    rng = np.random.default_rng(0)
    X, y = rng.uniform(1, 255, (40, 784)), rng.integers(0, 2, 40)
    found = new_classes._precisions(Means(), X, y)
    for rows, value in ((X, found[0]), (Means().transform(X), found[-1])):
        nearest = NearestNeighbors(n_neighbors=1, metric="cosine").fit(rows)
        items = nearest.kneighbors(return_distance=False)[:, 0]
        assert value == np.mean(y[items] == y)


def record(seed, value):
    scores = {name: {"map_at_r": value, "precision_at_1": value} for name in NAMES}
    return {
        "problem": "overlap",
        "setting": "full",
        "seed": seed,
        "scores": {"digit": scores, "garment": scores},
    }


def test_the_table_has_means_over_seeds_and_the_targets_their_bounds(capsys):
    records = [record(0, 0.5), record(1, 0.7)]
    rows = print_table(records, "overlap", ["digit", "garment"], ["full", "scarce"])
    assert len(rows) == 2 * len(NAMES)
    assert rows[0]["mean"]["map_at_r"] == pytest.approx(0.6)
    assert rows[0]["sd"]["map_at_r"] == pytest.approx(0.1)
    assert "0.600 / 0.600" in capsys.readouterr().out
    targets = {
        what: (value, bound) for what, value, _, bound in quality_targets(records)
    }
    assert targets["digit, map_at_r"] == (pytest.approx(0.6), 0.53)
    assert targets["garment, precision_at_1"] == (pytest.approx(0.6), 0.75)
