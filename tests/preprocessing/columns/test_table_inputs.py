"""Which columns of a table become inputs, and what they become."""

import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import sklearn_mtl
from sklearn_mtl import MultiTaskLinearRegressor
from sklearn_mtl.preprocessing import TableInputs

N = 120
WORDS = ["the", "nurse", "called", "doctor", "pain", "mild", "severe", "night", "left"]


def sentences(n, seed=0):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, 7)) for _ in range(n)]


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(N), "D")
    return pd.DataFrame(
        {
            "id": rng.permutation(N) + 1,
            "patientId": np.arange(N) * 7 + 1000,
            "age": rng.normal(size=N),
            "visits": rng.integers(0, 500, N),
            "smokes": rng.random(N) < 0.3,
            "city": rng.choice(["Oslo", "Rome", None], N),
            "ward": rng.choice(["north", "south"], N),
            "code": [f"k{i}" for i in range(N)],
            "cabin": [f"c{i // 2 if i % 3 else i}" for i in range(N)],
            "born": days.strftime("%d.%m.%Y"),
            "seen": days,
            "notes": sentences(N),
            "same": 3.5,
            "none": np.nan,
            "lists": [[i] for i in range(N)],
        }
    )


def test_every_column_becomes_an_input_or_is_left_out_with_a_reason(frame):
    pytest.importorskip("skrub")
    inputs = TableInputs(n_components=5).fit(frame)
    assert inputs.kinds_ == {
        "age": "numeric",
        "visits": "numeric",
        "smokes": "numeric",
        "city": "categorical",
        "ward": "categorical",
        "born": "date",
        "seen": "date",
        "notes": "text",
    }
    assert inputs.left_out_ == {
        "id": "unique per row",
        "patientId": "unique per row",
        "code": "unique per row",
        "cabin": "80 levels in 120 rows",
        "same": "constant",
        "none": "empty",
        "lists": "holds lists, which cannot be inputs",
    }
    assert inputs.n_levels_ == {"city": 2, "ward": 2}
    assert inputs.describe("--keep {}".format) == (
        "inputs: 3 numeric, 2 categorical (city: 2 levels, ward: 2), 2 date (born, "
        "seen), 1 text (notes: TF-IDF); left out: id (unique per row; --keep id), "
        "patientId (unique per row; --keep patientId), code (unique per row; --keep "
        "code), cabin (80 levels in 120 rows; --keep cabin), same (constant; --keep "
        "same), none (empty), ... 1 more"
    )


def test_columns_that_are_kept_become_inputs(frame):
    inputs = TableInputs(keep=["id", "code", "same"], text="drop").fit(frame)
    assert inputs.kinds_["id"] == inputs.kinds_["same"] == "numeric"
    assert inputs.kinds_["code"] == "categorical"
    assert inputs.n_levels_["code"] == N
    assert inputs.left_out_["notes"] == "free text"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.arange(12) * 1.5, "numeric"),  # distinct measurements are no identifier
        (np.arange(5), "numeric"),  # five samples may differ by chance
        ([2, 1] * 6, "numeric"),
        (pd.array([1, None, 2] * 4, dtype="Int64"), "numeric"),
        ([Decimal("1.5"), Decimal(2)] * 6, "numeric"),
        ([True, None] * 6, "numeric"),
        (pd.Series([timedelta(days=1), timedelta(days=2)] * 6), "numeric"),
        (["a", 1] * 6, "categorical"),
        (pd.Categorical([1, 2] * 6), "categorical"),
        (["one of four words here", "another of four words"] * 6, "categorical"),
    ],
)
def test_kinds_of_single_columns(values, kind):
    inputs = TableInputs().fit(pd.DataFrame({"it": values}))
    assert inputs.kinds_ == {"it": kind}


def test_numbers_and_categories_keep_their_values(frame):
    X = TableInputs().fit_transform(frame[["age", "smokes", "city"]])
    assert X.dtypes.astype(str).tolist() == ["float64", "float64", "object"]
    np.testing.assert_array_equal(X["age"], frame["age"])
    assert X["smokes"].tolist() == frame["smokes"].astype(float).tolist()
    assert X["city"].isna().equals(frame["city"].isna())
    assert X["city"].dropna().tolist() == frame["city"].dropna().tolist()


def test_codes_are_the_same_category_in_any_dtype():
    inputs = TableInputs().fit(pd.DataFrame({"code": ["1", "A", "2"] * 5}))
    for values in ([1, 2], [1.0, 2.0], ["1", "2"]):
        new = pd.DataFrame({"code": values})
        assert inputs.transform(new)["code"].tolist() == ["1", "2"]


DAYS = [date(2020, 3, 1) + timedelta(days=i) for i in range(40)]
WRITTEN = [
    *("%Y-%m-%d", "%Y-%m-%dT00:00:00Z", "%Y-%m-%d 00:00:00", "%Y/%m/%d", "%d.%m.%Y"),
    *("%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%d %b %Y", "%B %d, %Y", "%d.%m.%Y 00:00"),
]


@pytest.mark.parametrize("written", WRITTEN)
def test_dates_are_the_same_however_they_are_written(written):
    pytest.importorskip("skrub")
    frame = pd.DataFrame({"day": [day.strftime(written) for day in DAYS]})
    found = TableInputs().fit_transform(frame)
    assert found.columns.tolist() == [
        *("day__year", "day__month", "day__day", "day__total_seconds", "day__weekday")
    ]
    assert found["day__month"].tolist() == [day.month for day in DAYS]
    assert found["day__day"].tolist() == [day.day for day in DAYS]
    assert found["day__weekday"].tolist() == [day.isoweekday() for day in DAYS]


def test_date_objects_are_dates_and_broken_dates_are_missing():
    pytest.importorskip("skrub")
    texts = TableInputs().fit(pd.DataFrame({"day": [str(day) for day in DAYS]}))
    objects = TableInputs().fit(pd.DataFrame({"day": DAYS}))
    new = pd.DataFrame({"day": DAYS})
    pd.testing.assert_frame_equal(texts.transform(new), objects.transform(new))
    new = pd.DataFrame({"day": ["2020-03-04", "soon", None]})
    with pytest.warns(UserWarning, match="'day' has 1 values .* such as 'soon'"):
        found = texts.transform(new)
    assert found["day__day"].isna().tolist() == [False, True, True]


def test_dates_without_skrub_are_left_out_with_a_word(frame, monkeypatch):
    monkeypatch.setitem(sys.modules, "skrub", None)
    inputs = TableInputs().fit(frame[["age", "born", "seen"]])
    assert inputs.kinds_ == {"age": "numeric"}
    assert (
        "born (date; to encode it: pip install 'sklearn-mtl[dates]'"
        in inputs.describe()
    )


def test_texts_become_components_of_their_tfidf(frame):
    inputs = TableInputs(n_components=4).fit(frame[["age", "notes"]])
    X = inputs.transform(frame)
    assert X.columns.tolist() == ["age", *(f"notes__tfidf{i}" for i in range(4))]
    assert inputs.get_feature_names_out().tolist() == X.columns.tolist()
    weights = TfidfVectorizer(sublinear_tf=True).fit_transform(frame["notes"])
    # an independent decomposition: the same Gramian in the leading four directions
    left, sizes, _ = np.linalg.svd(weights.toarray(), full_matrices=False)
    expected = (left[:, :4] * sizes[:4]) @ (left[:, :4] * sizes[:4]).T
    found = X.to_numpy()[:, 1:]
    np.testing.assert_allclose(found @ found.T, expected, atol=1e-6)
    empty = inputs.transform(pd.DataFrame({"age": [1.0], "notes": [None]}))
    assert empty.to_numpy()[0, 1:].tolist() == [0.0] * 4


def test_few_words_need_no_components():
    texts = [" ".join(["one", "two", "six", "ten"][: 3 + i % 2]) for i in range(40)]
    frame = pd.DataFrame(
        {"it": [f"{text} {'x' * (i + 2)}" for i, text in enumerate(texts)]}
    )
    inputs = TableInputs(n_components=60).fit(frame)
    assert inputs.transform(frame).shape[1] == 44


def test_texts_that_pass_through_stay_texts(frame):
    inputs = TableInputs(text="passthrough").fit(frame[["age", "notes"]])
    assert inputs.transform(frame)["notes"].tolist() == frame["notes"].tolist()
    assert inputs.describe() == "inputs: 1 numeric, 1 text (notes)"


def test_new_tables_may_have_other_columns_in_any_order(frame):
    columns = ["city", "age", "notes"]
    inputs = TableInputs(n_components=3).fit(frame[["id", *columns]])
    expected = inputs.transform(frame[["id", *columns]])
    pd.testing.assert_frame_equal(
        inputs.transform(frame[[*columns[::-1], "ward"]]), expected
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="age"), r"does not contain .* 'age'\."),
        (
            lambda f: f.rename(columns={"visits": "Visit"}),
            r"'visits' \(did you mean 'Visit'\?\)",
        ),
        (lambda f: f.assign(age="old"), "'age' was numeric in fit, .* such as 'old'"),
        (lambda f: f.assign(age=np.inf), "'age' has infinite values"),
    ],
)
def test_new_tables_that_do_not_match_are_refused(frame, change, message):
    inputs = TableInputs().fit(frame[["age", "visits", "city"]])
    with pytest.raises(ValueError, match=message):
        inputs.transform(change(frame))


def test_numbers_that_are_written_as_texts_are_still_numbers(frame):
    inputs = TableInputs().fit(frame[["age"]])
    new = pd.DataFrame({"age": ["1.5", None]})
    assert inputs.transform(new)["age"].tolist()[0] == 1.5


def test_samples_may_repeat_and_gaps_may_come_later(frame):
    frame = frame[["age", "smokes", "city", "notes"]]
    inputs = TableInputs(n_components=3).fit(frame)
    whole = inputs.transform(frame)
    rows = [3, 3, 0, 7, 3]
    pd.testing.assert_frame_equal(inputs.transform(frame.iloc[rows]), whole.iloc[rows])
    new = frame.astype(object).mask(np.eye(N, 4, dtype=bool))
    found = inputs.transform(new)
    assert found.iloc[4:].equals(whole.iloc[4:])
    assert found.isna().to_numpy()[np.arange(3), np.arange(3)].all()
    empty = inputs.transform(frame.iloc[:2].assign(age=None, smokes=None, city=None))
    assert empty.dtypes.equals(whole.dtypes)


def test_a_fit_that_fails_changes_nothing(frame):
    inputs = TableInputs().fit(frame[["age"]])
    before = dict(vars(inputs))
    with pytest.raises(
        ValueError, match=r"no input is left\. inputs: none; left out: "
    ):
        inputs.fit(frame[["id"]])
    assert vars(inputs) == before
    with pytest.raises(ValueError, match=r"keep contains columns .* mean 'age'"):
        clone(inputs).set_params(keep=["Age"]).fit(frame)


@pytest.mark.parametrize("parameter", [{"text": "bert"}, {"keep": "id"}])
def test_parameters_are_checked(frame, parameter):
    with pytest.raises(ValueError, match=f"'{next(iter(parameter))}' parameter"):
        TableInputs(**parameter).fit(frame)


def test_polars_and_arrow_give_the_same_inputs(frame):
    frame = frame[["age", "visits", "ward", "notes"]]
    expected = TableInputs().fit_transform(frame)
    polars, arrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    for other in (polars.from_pandas(frame), arrow.Table.from_pandas(frame)):
        pd.testing.assert_frame_equal(TableInputs().fit_transform(other), expected)


def test_a_saved_pipeline_predicts_the_same(frame, tmp_path):
    pytest.importorskip("skrub")
    X = frame[["id", "age", "born", "notes"]]
    model = make_pipeline(TableInputs(n_components=3), MultiTaskLinearRegressor())
    model.fit(X, frame[["age", "visits"]])
    sklearn_mtl.save(model, tmp_path / "model")
    found = sklearn_mtl.load(tmp_path / "model")
    np.testing.assert_array_equal(found.predict(X), model.predict(X))
    assert found[0].describe() == model[0].describe()


LOAD = """
import pickle, sys, sklearn_mtl
model = sklearn_mtl.load(sys.argv[1])
X, expected = pickle.load(open(sys.argv[2], "rb"))
assert (model.predict(X) == expected).all()
"""


@pytest.mark.exhaustive  # loads everything anew
def test_a_saved_pipeline_predicts_the_same_in_another_process(frame, tmp_path):
    pytest.importorskip("skrub")
    X = frame[["id", "age", "born", "notes"]]
    model = make_pipeline(TableInputs(n_components=3), MultiTaskLinearRegressor())
    model.fit(X, frame[["age", "visits"]])
    sklearn_mtl.save(model, tmp_path / "model")
    pd.to_pickle((X[:5], model.predict(X[:5])), tmp_path / "data")
    subprocess.run(
        [sys.executable, "-c", LOAD, tmp_path / "model", tmp_path / "data"], check=True
    )


@parametrize_with_checks([TableInputs()])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("written", "day_first", "order", "month"),
    [
        ("01/02/2024", None, "month first", 1),
        ("01/02/2024", True, "day first", 2),
        ("01-02-2024 10:30", None, "day first", 2),
        ("01-02-2024 10:30", False, "month first", 1),
        ("13/02/2024", False, None, 2),  # the number above 12 decides
        ("01/13/2024", True, None, 1),
        ("01.02.2024", False, None, 2),
    ],
)
def test_the_order_of_day_and_month_is_given_where_the_dates_leave_it_open(
    written, day_first, order, month
):
    pytest.importorskip("skrub")
    X = pd.DataFrame({"day": [written, *[written.replace("02", "03")] * 11]})
    inputs = TableInputs(day_first=day_first).fit(X)
    assert inputs.date_orders_ == ({} if order is None else {"day": order})
    assert (order is None) or f"1 date (day: {order})" in inputs.describe()
    assert inputs.transform(X)["day__month"][0] == month


@pytest.mark.parametrize("start", [0, 1, 10_001, -5])
def test_whole_numbers_without_a_gap_count_rows(start):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.permutation(50) + start, "x": rng.normal(size=50)})
    assert TableInputs().fit(X).left_out_ == {"a": "unique per row"}
    X.loc[X["a"].idxmax(), "a"] += 1  # a gap
    assert TableInputs().fit(X).kinds_ == {"a": "numeric", "x": "numeric"}


@pytest.mark.parametrize(
    ("name", "is_year"),
    [
        *((name, True) for name in ("year", "Year 2", "birth_year", "birthYear")),
        *((name, True) for name in ("Jahr", "année", "YEARS")),
        *((name, False) for name in ("yearling", "layer", "annex", "number")),
    ],
)
def test_years_without_a_gap_are_numbers(name, is_year):
    X = pd.DataFrame({"x": np.linspace(0, 1, 60), name: np.arange(1960, 2020)})
    assert (name in TableInputs().fit(X).kinds_) == is_year


@pytest.mark.parametrize(
    ("name", "is_id"),
    [
        *((name, True) for name in ("Kunden-Nr", "Order ID", "no.", "Nr.", "ROW")),
        *((name, True) for name in ("Rechnungsnummer", "Serial number", "orderNumber")),
        *((name, True) for name in ("patient_id", "patientId", "ID")),
        *((name, False) for name in ("paid", "volcano", "monkey", "income", "Grid")),
    ],
)
def test_names_of_identifiers(name, is_id):
    rng = np.random.default_rng(0)
    values = rng.choice(10**6, 50, replace=False)
    X = pd.DataFrame({name: values, "x": rng.normal(size=50)})
    inputs = TableInputs().fit(X)
    assert (name in inputs.left_out_) == is_id
    X.loc[0, name] = X.loc[1, name]  # not unique per row
    assert name in TableInputs().fit(X).kinds_


def test_texts_of_single_letters_have_words():
    rng = np.random.default_rng(0)
    notes = [" ".join(rng.choice(list("abcdefgh"), 6)) for _ in range(90)]
    inputs = TableInputs(n_components=3).fit(pd.DataFrame({"notes": notes}))
    assert inputs.kinds_ == {"notes": "text"}
    assert inputs.transform(pd.DataFrame({"notes": notes})).std().min() > 0


def test_texts_without_a_word_become_no_column():
    rng = np.random.default_rng(0)
    marks = [" ".join(rng.choice(list("!?-+*.:,"), 9)) for _ in range(90)]
    X = pd.DataFrame({"marks": marks, "x": rng.normal(size=90)})
    inputs = TableInputs().fit(X)
    assert list(inputs.transform(X)) == ["x"] == list(inputs.get_feature_names_out())
