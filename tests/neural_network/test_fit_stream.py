"""A fit to batches against a fit to the table that they make up."""

import weakref

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
import pytest

from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.modules import Conv, Text
from sklearn_mtl.neural_network.data import _streamed
from sklearn_mtl.neural_network.data._batch_reader import Columns
from sklearn_mtl.neural_network.data._streamed import read_stream

N = 600
INPUTS = ["a", "b", "town"]
TARGETS = ["grade", "price"]


@pytest.fixture(scope="module")
def table():
    """Labels are missing in whole batches; a class and a town appear late."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=N), "b": rng.gamma(1.0, size=N)})
    frame.loc[rng.random(N) < 0.1, "b"] = np.nan
    frame["town"] = rng.choice(["Bonn", "Ulm"], N)
    frame.loc[400:, "town"] = rng.choice(["Aalen", "Ulm"], N - 400)
    frame["grade"] = np.where(frame["a"] > 0, "high", "low")
    frame.loc[450:500, "grade"] = "mean"
    frame.loc[rng.random(N) < 0.3, "grade"] = None
    frame["price"] = 2 * frame["a"] + (frame["town"] == "Ulm")
    frame.loc[:199, "price"] = np.nan
    frame["weight"] = rng.integers(0, 3, N).astype(float)
    frame["patient"] = rng.integers(0, 60, N)
    return frame


def batches(table, size=150):
    return [table[start : start + size] for start in range(0, len(table), size)]


def write_files(table, folder):
    for number, batch in enumerate(batches(table)):
        batch.to_parquet(folder / f"part{number}.parquet")
    return folder


def model(**parameters):
    given = {"max_epochs": 2, "n_members": 2, "random_state": 0, **parameters}
    return MultiTaskMixedEstimator(**given)


def as_generators(table):
    return lambda: (batch for batch in batches(table))


def as_dask(table):
    return pytest.importorskip("dask.dataframe").from_pandas(table, npartitions=3)


FORMS = {
    "list": batches,
    "function": as_generators,
    "empty batches": lambda table: [table[:0], *batches(table), table[:0]],
    "one batch": lambda table: table,
    "polars": lambda table: [pl.from_pandas(one) for one in batches(table)],
    "arrow": lambda table: pa.Table.from_pandas(table).to_batches(max_chunksize=99),
    "dask": as_dask,
}


@pytest.mark.parametrize("form", FORMS)
def test_equals_fit_to_the_last_bit(table, form):
    if form == "dask":
        pytest.importorskip("dask.dataframe")
    used = table[INPUTS + TARGETS]
    expected = model().fit(used[INPUTS], used[TARGETS])
    found = model().fit_stream(FORMS[form](used), TARGETS)
    assert found.predict(used[INPUTS]).tolist() == (
        expected.predict(used[INPUTS]).tolist()
    )
    assert found.feature_names_in_.tolist() == INPUTS


@pytest.mark.parametrize("n_members", [1, 3])
def test_weights_and_groups_are_columns(table, n_members):
    X, y = table[INPUTS], table[TARGETS]
    expected = model(n_members=n_members)
    expected.fit(X, y, table["weight"], groups=table["patient"])
    found = model(n_members=n_members).fit_stream(
        batches(table), TARGETS, sample_weight="weight", groups="patient"
    )
    assert found.predict(X).tolist() == expected.predict(X).tolist()


def test_weights_of_labels_are_one_column_per_target(table):
    used = table[[*INPUTS, *TARGETS]].assign(
        first=table["weight"], second=table["patient"] % 4 + 1.0
    )
    X, y = used[INPUTS], used[TARGETS]
    expected = model().fit(X, y, used[["first", "second"]].to_numpy())
    found = model().fit_stream(
        batches(used), TARGETS, sample_weight=["first", "second"]
    )
    assert found.predict(X).tolist() == expected.predict(X).tolist()
    with pytest.raises(ValueError, match="one column of label weights per target"):
        model().fit_stream(batches(used), TARGETS, sample_weight=["first"])


def test_a_folder_of_files_and_its_dataset_give_the_same(table, tmp_path):
    used = table[INPUTS + TARGETS]
    write_files(used, tmp_path)
    expected = model().fit(used[INPUTS], used[TARGETS]).predict(used[INPUTS])
    files = sorted(tmp_path.iterdir())
    for source in (tmp_path, files, str(tmp_path), pyarrow.dataset.dataset(tmp_path)):
        found = model().fit_stream(source, TARGETS).predict(used[INPUTS])
        assert found.tolist() == expected.tolist()


def test_the_filter_of_a_dataset_is_applied(table, tmp_path):
    used = table[INPUTS + TARGETS]
    write_files(used, tmp_path)
    source = pyarrow.dataset.dataset(tmp_path).filter(pyarrow.dataset.field("a") > 0)
    kept = used[used["a"] > 0]
    expected = model().fit(kept[INPUTS], kept[TARGETS]).predict(used[INPUTS])
    found = model().fit_stream(source, TARGETS).predict(used[INPUTS])
    assert found.tolist() == expected.tolist()


def test_many_batches_are_joined(table, monkeypatch):
    used = table[INPUTS + TARGETS]
    expected = model().fit(used[INPUTS], used[TARGETS]).predict(used[INPUTS])
    monkeypatch.setattr(_streamed, "_MOST_PARTS", 3)
    found = model().fit_stream(batches(used, 40), TARGETS).predict(used[INPUTS])
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("as_dataset", [False, True])
def test_values_in_the_names_of_folders_are_a_column(table, tmp_path, as_dataset):
    used = table[INPUTS + TARGETS].sort_values("town", kind="stable")
    used.to_parquet(tmp_path, partition_cols=["town"])
    folder, order = tmp_path, [*INPUTS[:2], *TARGETS, "town"]
    if as_dataset:
        folder = pyarrow.dataset.dataset(tmp_path, partitioning="hive")
    expected = model().fit_stream(used[order], TARGETS).predict(used[INPUTS])
    found = model().fit_stream(folder, TARGETS)
    assert found.feature_names_in_.tolist() == INPUTS
    assert found.predict(used[INPUTS]).tolist() == expected.tolist()


@pytest.mark.parametrize("name", INPUTS)
def test_a_column_without_values_at_first_has_its_later_kind(table, tmp_path, name):
    used = table[INPUTS + TARGETS].copy()
    used.loc[:299, name] = None
    parts = batches(used)
    parts[0] = parts[0].assign(**{name: None})
    for number, part in enumerate(parts):
        part.to_parquet(tmp_path / f"{number}.parquet")  # the first of the type null
    expected = model().fit(used[INPUTS], used[TARGETS]).predict(used[INPUTS])
    as_numbers = [parts[0].assign(**{name: np.nan}), *parts[1:]]
    for source in (parts, tmp_path, as_numbers):
        found = model().fit_stream(source, TARGETS).predict(used[INPUTS])
        assert found.tolist() == expected.tolist()


def test_one_target_by_name_is_a_y_of_one_dimension(table):
    used = table[["a", "b", "grade"]]
    net = MultiTaskClassifier(max_epochs=2, random_state=0)
    found = net.fit_stream(batches(used), "grade").predict(used[["a", "b"]])
    assert found.shape == (N,)


def test_a_sample_of_the_inputs_is_enough(table, monkeypatch):
    used = table[["a", "b", "price"]]
    whole = MultiTaskRegressor(n_members=2, random_state=0)
    whole.fit_stream(batches(used, 50), "price")
    monkeypatch.setattr(_streamed, "SAMPLE", 200)
    part = MultiTaskRegressor(n_members=2, random_state=0)
    part.fit_stream(batches(used, 50), "price")
    X, y = used[["a", "b"]][300:], used["price"][300:]
    assert (part.predict(X) != whole.predict(X)).any()
    assert part.score(X, y) == pytest.approx(whole.score(X, y), abs=0.05)


@pytest.mark.parametrize("targets", ["y0", ["y0", "y1"]])
def test_batches_are_released_before_the_next_one(monkeypatch, targets):
    monkeypatch.setattr(_streamed, "SAMPLE", 150)
    rng, names, alive = np.random.default_rng(0), ["a", "b", "y0", "y1"], []

    def source():
        for _ in range(5):
            numbers = rng.normal(size=(100, 4))
            alive.append(weakref.ref(numbers))
            frame = pd.DataFrame(numbers, columns=names, copy=False)
            del numbers
            yield frame
            del frame
            assert sum(one() is not None for one in alive) <= 1

    read_stream(MultiTaskRegressor(), source, Columns(targets), None)
    assert len(alive) == 5


def test_the_sample_is_uniform_and_in_order(monkeypatch):
    monkeypatch.setattr(_streamed, "SAMPLE", 300)
    frame = pd.DataFrame({"a": np.arange(4000.0), "y": np.arange(4000.0) % 7})
    parts = [frame[:10], frame[10:1500], frame[1500:1510], frame[1510:]]
    X, _ = read_stream(MultiTaskRegressor(), parts, Columns("y"), None)
    assert len(np.unique(X.rows)) == 300
    assert X.sample.numeric[:, 0].tolist() == X.rows.tolist() == sorted(X.rows)
    share = np.histogram(X.rows, bins=[0, 1000, 2000, 3000, 4000])[0] / 300
    assert share == pytest.approx([0.25] * 4, abs=0.08)


def test_the_temporary_file_is_deleted(table, tmp_path):
    model().fit_stream(batches(table), TARGETS, folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_columns_in_another_order_are_the_same(table):
    used = table[INPUTS + TARGETS]
    expected = model().fit_stream(batches(used), TARGETS).predict(used[INPUTS])
    mixed = batches(used)
    mixed[2] = mixed[2][["price", "town", "b", "grade", "a"]]
    found = model().fit_stream(mixed, TARGETS).predict(used[INPUTS])
    assert found.tolist() == expected.tolist()


def test_a_damaged_file_is_named(table, tmp_path):
    write_files(table, tmp_path)
    path = tmp_path / "part2.parquet"
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(ValueError, match=r"part2\.parquet cannot be read"):
        model().fit_stream(tmp_path, TARGETS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one: one.drop(columns="b"), r"columns of batch 2 differ.*missing.*'b'"),
        (lambda one: one.assign(c=1), "columns of batch 2 differ.*additional.*'c'"),
        (lambda one: one.assign(a="1.5"), "'a' contains text in batch 2, but numbers"),
        (
            lambda one: one.assign(town=1),
            "'town' contains numbers in batch 2, but text",
        ),
        (lambda one: one.assign(price="1.5"), "'price' contains text in batch 2"),
        (lambda one: one.assign(grade=True), "'grade' contains booleans in batch 2"),
        (lambda one: one.assign(a=np.inf), "The error occurred in batch 2"),
    ],
)
def test_a_batch_unlike_the_first_is_named(table, change, words):
    found = batches(table[INPUTS + TARGETS])
    found[2] = change(found[2])
    with pytest.raises(ValueError, match=words):
        model().fit_stream(found, TARGETS)


def test_booleans_count_as_numbers_in_an_input(table):
    used = table[["a", "b", "price"]].assign(c=(table["a"] > 0).astype(float))
    parts = batches(used)
    parts[1] = parts[1].assign(c=parts[1]["c"] > 0)
    net = MultiTaskRegressor(max_epochs=2, random_state=0)
    found = net.fit_stream(parts, "price").predict(used[["a", "b", "c"]])
    expected = net.fit(used[["a", "b", "c"]], used["price"])
    assert found.tolist() == expected.predict(used[["a", "b", "c"]]).tolist()


def test_files_of_another_format_or_with_duplicate_columns_are_refused(table, tmp_path):
    table.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(ValueError, match=r"a\.csv.*format='csv'\) to fit_stream"):
        model().fit_stream(tmp_path / "a.csv", TARGETS)
    twice = pa.table([pa.array([1.0, 2.0])] * 3, names=["a", "a", "price"])
    pyarrow.parquet.write_table(twice, tmp_path / "b.parquet")
    with pytest.raises(ValueError, match=r"b\.parquet.*unique column names"):
        model().fit_stream([tmp_path / "b.parquet"], "price")


def test_errors_say_what_is_needed(table, tmp_path):
    net, used = model(), table[INPUTS + TARGETS]
    with pytest.raises(TypeError, match="An iterator is not allowed"):
        net.fit_stream(iter(batches(used)), TARGETS)
    with pytest.raises(TypeError, match="batch 0 is of type ndarray"):
        net.fit_stream([used.to_numpy()], TARGETS)
    with pytest.raises(ValueError, match=r"columns \['cost'\] are not in batch 0"):
        net.fit_stream(batches(used), ["grade", "cost"])
    with pytest.raises(ValueError, match=r"\['price'\] are named more than once"):
        net.fit_stream(batches(used), TARGETS, sample_weight="price")
    with pytest.raises(ValueError, match="no input columns"):
        net.fit_stream(batches(used[TARGETS]), TARGETS)
    with pytest.raises(ValueError, match="the batches have no samples"):
        net.fit_stream([used[:0]], TARGETS)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        net.fit_stream(tmp_path / "nowhere", TARGETS)
    with pytest.raises(ValueError, match="no Parquet files"):
        net.fit_stream(tmp_path, TARGETS)
    with pytest.raises(TaskError, match="price"):
        net.fit_stream(batches(used[:200]), TARGETS)
    with pytest.raises(FileNotFoundError, match="temporary file in nowhere"):
        net.fit_stream(lambda: pytest.fail("read"), TARGETS, folder="nowhere")
    assert not hasattr(net, "net_")


@pytest.mark.parametrize("trunk", [Conv((1, 2, 1)), Text()])
def test_other_trunks_are_refused(table, trunk):
    with pytest.raises(ValueError, match="fit_stream requires a trunk that reads"):
        model(trunk=trunk).fit_stream(batches(table), TARGETS)


def test_checkpoints_are_refused(table, tmp_path):
    with pytest.raises(ValueError, match="cannot write checkpoints"):
        model(checkpoint=tmp_path).fit_stream(batches(table), TARGETS)


def test_a_warm_start_of_a_fitted_net_is_refused(table):
    used = table[INPUTS + TARGETS]
    net = model(warm_start=True).fit_stream(batches(used), TARGETS)
    with pytest.raises(ValueError, match="fit_stream always trains a new net"):
        net.fit_stream(batches(used), TARGETS)


def test_passes_must_give_the_same_samples(table):
    used, calls = table[INPUTS + TARGETS], []

    def shrinking():
        calls.append(1)
        return batches(used)[: 4 if len(calls) < 3 else 3]

    with pytest.raises(ValueError, match=r"450 samples in the second.*600"):
        model().fit_stream(shrinking, TARGETS)


def test_passes_must_have_the_same_order(table):
    used, calls = table[INPUTS + TARGETS], []

    def shuffled():
        calls.append(1)
        return batches(used if len(calls) < 2 else used[::-1])

    with pytest.raises(ValueError, match="second pass differ"):
        model().fit_stream(shuffled, TARGETS)


def test_a_fitted_net_can_go_on(table):
    used = table[INPUTS + TARGETS]
    net = model(n_stored_samples=50).fit_stream(batches(used), TARGETS)
    expected = model(n_stored_samples=50).fit(used[INPUTS], used[TARGETS])
    intervals = [one.predict_interval(used[INPUTS][:9]) for one in (net, expected)]
    np.testing.assert_array_equal(*intervals)
    for one in (net, expected):
        one.partial_fit(used[INPUTS][:50], used[TARGETS][:50])
    assert net.predict(used[INPUTS]).tolist() == expected.predict(used[INPUTS]).tolist()
