import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import Ridge
from sklearn.utils import Bunch

from sklearn_mtl.comparison import compare, compare_datasets
from sklearn_mtl.comparison._datasets import _progress_line
from sklearn_mtl.datasets import make_multitask_regression
from sklearn_mtl.exceptions import MissingLabelWarning, NegativeTransferWarning
from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from tests.comparison.report.test_html import page_of


def made(seed):
    # gains far beyond noise (p < 0.01 with most folds), so that any folds show them
    return make_multitask_regression(
        300, 12, 10, relatedness=0.99, noise=1.0, random_state=seed
    )


ROWS = {"dummy": "dummy", "linear": "linear", "shared": MultiTaskLinearRegressor()}
OPTIONS = {"cv": 5, "missing_fraction": 0.9}


@pytest.fixture(scope="module")
def found():
    def late():
        return made(2)

    bunch = Bunch(data=made(1)[0], target=made(1)[1], groups=np.arange(300) // 3)
    datasets = {"pair": made(0), "bunch": bunch, "late": late}
    return compare_datasets(datasets, ROWS, **OPTIONS)


def test_each_data_set_is_compared_as_compare_does(found):
    assert list(found.comparisons) == ["pair", "bunch", "late"]
    alone = compare(*made(0), ROWS, **OPTIONS)
    scores = found.comparisons["pair"].measured.scores
    np.testing.assert_array_equal(scores, alone.measured.scores)
    assert found.comparisons["bunch"].setting["n_groups"] == 100
    np.testing.assert_allclose(found.table.loc["pair"], alone.table["mean"])


def test_related_tasks_gain_on_every_data_set(found):
    wins = found.counts.set_index(["model", "against"]).loc[("shared", "twin")]
    assert wins["win"] == 3
    assert found.mean_ranks.index[0] == "shared"
    assert "sharing helps on pair, bunch and late. Its mean rank is 1 among 3" in (
        found.verdict
    )


def test_harm_is_warned_of_with_the_name_of_the_data_set():
    class Average(Ridge):
        def predict(self, X):
            values = super().predict(X)
            if values.ndim == 1:
                return values
            return np.repeat(
                values.mean(axis=1, keepdims=True), values.shape[1], axis=1
            )

    datasets = {
        name: make_multitask_regression(
            200, 4, 2, n_informative=4, n_groups=2, noise=0.1, random_state=seed
        )
        for seed, name in enumerate(("first", "second"))
    }
    with pytest.warns(NegativeTransferWarning) as caught:
        compare_datasets(datasets, {"average": Average()}, cv=5)
    told = [str(warning.message) for warning in caught]
    assert [text.split(" learning")[0] for text in told] == [
        "compare_datasets: on 'first'",
        "compare_datasets: on 'second'",
    ]


@pytest.mark.parametrize(
    ("datasets", "message"),
    [
        ({"a": made(0)}, "must be a dict of at least two data sets"),
        ([made(0), made(1)], "must be a dict of at least two"),
        ({"a": made(0)[0], "b": made(1)}, r"data set 'a' is a ndarray; it must be a"),
    ],
)
def test_other_forms_are_refused(datasets, message):
    with pytest.raises(ValueError, match=message):
        compare_datasets(datasets, ROWS)


BAD = (made(1)[0][:-1], made(1)[1])
LENGTHS = "compare_datasets: data set 'bad': compare: X has 299 rows, but y has 300"


def test_all_data_sets_are_checked_before_the_first_fit():
    class Untouched(Ridge):
        def fit(self, X, y):
            raise KeyboardInterrupt

    rows, good = {"line": Untouched()}, made(0)
    with pytest.raises(ValueError, match=LENGTHS):
        compare_datasets({"good": good, "bad": BAD}, rows, cv=2)
    with pytest.raises(ValueError, match=LENGTHS):
        compare_datasets({"good": good, "bad": lambda: BAD}, rows, cv=2)
    empty = good[1].copy()
    empty[:, 3] = np.nan
    with pytest.raises(ValueError, match=r"data set 'empty': .*task3"):
        compare_datasets({"good": good, "empty": (good[0], empty)}, rows, cv=2)
    with pytest.raises(KeyboardInterrupt):
        compare_datasets({"good": good, "also": good}, rows, cv=2)


def test_the_scores_are_written_as_comma_separated_values(found, tmp_path):
    path = tmp_path / "scores.csv"
    text = found.to_csv(path)
    assert path.read_text(encoding="utf-8") == text
    read = pd.read_csv(path, index_col=0)
    np.testing.assert_array_equal(read, found.table)
    assert list(read.index) == ["pair", "bunch", "late"]


def test_the_cache_serves_all_data_sets(found, tmp_path):
    datasets = {"pair": made(0), "late": made(2)}
    compare_datasets(datasets, ROWS, **OPTIONS, cache_dir=tmp_path)
    n_cells = len(list(tmp_path.iterdir()))
    again = compare_datasets(datasets, ROWS, **OPTIONS, cache_dir=tmp_path)
    assert len(list(tmp_path.iterdir())) == n_cells
    np.testing.assert_array_equal(again.table, found.table.loc[["pair", "late"]])


def test_an_interrupted_run_continues_with_the_fits_it_had(monkeypatch, tmp_path):
    rows, options = {"line": Ridge()}, {"cv": 2, "cache_dir": tmp_path}
    datasets = {"first": made(0), "second": made(1)}

    turns = iter([datasets["second"]])

    def interrupted():
        found = next(turns, None)  # the check takes it
        if found is None:
            raise KeyboardInterrupt
        return found

    with pytest.raises(KeyboardInterrupt):
        compare_datasets({**datasets, "second": interrupted}, rows, **options)
    fitted = []
    fit = Ridge.fit
    monkeypatch.setattr(
        Ridge, "fit", lambda self, X, y: fitted.append(len(X)) or fit(self, X, y)
    )
    compare_datasets(datasets, rows, **options)
    assert len(fitted) == 2 * (1 + 10)  # shared, and a model for each of ten tasks


def test_stderr_names_the_data_set_at_work(capfd):
    datasets = {"first": made(0), "second": made(1)}
    compare_datasets(datasets, ["dummy"], cv=2, verbose=True)
    assert capfd.readouterr().err.splitlines() == [
        "compare_datasets: first, data set 1 of 2, 0:00",
        "compare_datasets: second, data set 2 of 2, 0:00, about 0:00 left",
    ]


def test_the_time_left_is_in_proportion_to_the_labels():
    sizes = {"a": 100, "b": 300, "c": 100}
    assert (
        _progress_line([], sizes, 0.2) == "compare_datasets: a, data set 1 of 3, 0:00"
    )
    assert _progress_line(["a"], sizes, 50.0) == (
        "compare_datasets: b, data set 2 of 3, 0:50, about 3:20 left"
    )
    assert _progress_line(["a", "b"], sizes, 100.0).endswith("1:40, about 0:25 left")


def test_the_page_shows_ranks_gains_and_how_to_do_it_again(found, tmp_path):
    _, page = page_of(found, tmp_path)
    text = " ".join(page.text)
    _, p_value = stats.friedmanchisquare(*found.table[found.ranks.columns].to_numpy().T)
    assert f"Friedman's test for equal ranks: p = {p_value:.2g}." in text
    assert f"critical difference {found.critical_difference:.2f}" in text
    assert page.tags.count("picture") == 1 + 1  # ranks, gains of one shared model
    assert text.count("from sklearn_mtl.comparison import compare") == 3


def test_other_warnings_are_passed_on():
    X, y = made(0)
    codes = np.where(y > 0, 1, 0)
    codes[:5] = -1
    with pytest.warns(MissingLabelWarning, match="-1"):
        compare_datasets({"a": (X, codes), "b": (X, codes)}, ["dummy"], cv=2)
