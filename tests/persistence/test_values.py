"""Objects that a file has as a kind and arguments: columns, splines, distributions."""

import datetime as dt
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import scipy.stats as st
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer
from sklearn.linear_model import (
    GammaRegressor,
    PoissonRegressor,
    Ridge,
    TweedieRegressor,
)
from sklearn.model_selection import RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    SplineTransformer,
    StandardScaler,
)

import sklearn_mtl
from sklearn_mtl import (
    IndependentTasks,
    MultiTaskClassifier,
    MultiTaskLinearRegressor,
)
from sklearn_mtl.exceptions import DamagedFileError
from tests.persistence.forging import find, forge
from tests.zoo import SMALL_NET

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 4))
Y = np.exp(0.3 * X[:, :2])
TABLE = pd.DataFrame(X, columns=list("abcd"))
TABLE["c"] = pd.Categorical(np.array(list("uvwx"))[np.digitize(Y[:, 0], [0.8, 1, 1.2])])
TABLE.loc[::7, "c"] = np.nan


def again(model, path):
    sklearn_mtl.save(model, path)
    return sklearn_mtl.load(path)


@pytest.mark.parametrize(
    "part",
    [
        TweedieRegressor(power=1.5),
        TweedieRegressor(power=0.0, link="identity"),
        TweedieRegressor(power=2.0),
        PoissonRegressor(),
        GammaRegressor(),
        make_pipeline(SplineTransformer(extrapolation="linear"), Ridge()),
        make_pipeline(SplineTransformer(extrapolation="periodic"), Ridge()),
    ],
)
def test_parts_with_compiled_pieces_predict_the_same(part, tmp_path):
    pytest.importorskip("skops", reason="skops is not installed (extra save)")
    model = IndependentTasks(part).fit(X, Y)
    found = again(model, tmp_path / "it")
    np.testing.assert_array_equal(found.predict(2 * X), model.predict(2 * X))


def test_an_iterative_imputer_fills_the_same(tmp_path):
    gaps = np.where(RNG.random(X.shape) < 0.1, np.nan, X)
    imputer = IterativeImputer(max_iter=20, tol=0.1, random_state=0)
    model = make_pipeline(imputer, MultiTaskLinearRegressor()).fit(gaps, Y)
    found = again(model, tmp_path / "it")
    np.testing.assert_array_equal(found.predict(gaps), model.predict(gaps))


@pytest.mark.parametrize("classifies", [False, True])
@pytest.mark.parametrize("categorical", ["from_dtype", ["c"]])
def test_histograms_split_by_the_same_categories(classifies, categorical, tmp_path):
    cls = HistGradientBoostingRegressor
    y = Y
    if classifies:
        cls, y = HistGradientBoostingClassifier, Y > 1.0
    part = cls(categorical_features=categorical, max_iter=5, min_samples_leaf=2)
    # the encoder of the trees puts c before b
    table = TABLE[["b", "c"]]
    model = IndependentTasks(part).fit(table, y)
    trees = model.estimators_[0]._predictors
    assert any(tree.nodes["is_categorical"].any() for row in trees for tree in row)
    found = again(model, tmp_path / "it")
    np.testing.assert_array_equal(found.predict(table), model.predict(table))


def test_columns_are_selected_by_the_same_dtypes(tmp_path):
    numeric = make_column_selector(pattern="a|b", dtype_include=np.number)
    others = make_column_selector(dtype_exclude=float)
    columns = make_column_transformer(
        (StandardScaler(), numeric), (OneHotEncoder(), others)
    )
    model = make_pipeline(columns, MultiTaskLinearRegressor()).fit(TABLE, Y)
    found = again(model, tmp_path / "it")
    np.testing.assert_array_equal(found.predict(TABLE), model.predict(TABLE))
    unfitted = again(columns, tmp_path / "it")
    assert unfitted.transformers[0][2](TABLE) == ["a", "b"]
    assert unfitted.transformers[1][2](TABLE) == ["c"]


DISTRIBUTIONS = {
    "loguniform": st.loguniform(1e-3, 10),
    "uniform": st.uniform(loc=1.0, scale=np.float64(2.0)),
    "norm": st.norm(),
    "randint": st.randint(1, 10),
    "binom": st.binom(n=5, p=0.5),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_distributions_draw_the_same(name, tmp_path):
    search = RandomizedSearchCV(Ridge(), {"alpha": DISTRIBUTIONS[name]})
    found = again(search, tmp_path / "it").param_distributions["alpha"]
    expected = DISTRIBUTIONS[name].rvs(size=5, random_state=0)
    np.testing.assert_array_equal(found.rvs(size=5, random_state=0), expected)


def test_a_random_search_chooses_the_same_again(tmp_path):
    search = RandomizedSearchCV(
        MultiTaskLinearRegressor(penalty="ridge"),
        {"alpha": DISTRIBUTIONS["loguniform"]},
        n_iter=3,
        cv=2,
        random_state=0,
    ).fit(X, Y)
    found = again(search, tmp_path / "it")
    np.testing.assert_array_equal(found.predict(X), search.predict(X))
    assert found.fit(X, Y).best_params_ == search.best_params_


def test_distributions_that_numbers_do_not_say_are_refused(tmp_path):
    own = st.norm()
    own.random_state = 3
    for one in (own, st.rv_histogram(np.histogram(X[:, 0]))()):
        with pytest.raises(TypeError, match=r"'alpha'\] is or contains .*scipy"):
            sklearn_mtl.save(
                RandomizedSearchCV(Ridge(), {"alpha": one}), tmp_path / "it"
            )


LABELS = {
    "timestamps": pd.date_range("2024-01-01", periods=4),
    "zone": pd.date_range("2024-03-30", periods=4, tz="Europe/Berlin"),
    "offset": pd.date_range("2024-03-30", periods=4, tz="UTC+05:30"),
    "before 1677": pd.DatetimeIndex(
        np.arange("0900", "0904", dtype="M8[Y]").astype("M8[s]")
    ),
    "periods": pd.period_range("2024-01", periods=4, freq="M"),
    "timedeltas": pd.timedelta_range("1 day", periods=4),
}


@pytest.mark.parametrize("name", LABELS)
def test_columns_with_labels_of_pandas_are_known_again(name, tmp_path):
    frame = pd.DataFrame(X, columns=LABELS[name])
    model = MultiTaskLinearRegressor().fit(frame, Y)
    found = again(model, tmp_path / "it")
    np.testing.assert_array_equal(found.predict(frame), model.predict(frame))
    columns = frame.columns.tolist()
    other = again(FunctionTransformer(kw_args={"it": columns}), tmp_path / "it")
    other = other.kw_args["it"]
    assert [type(one) for one in other] == [type(one) for one in columns]
    assert other == columns
    assert [str(one) for one in other] == [str(one) for one in columns]


def test_a_zone_that_has_no_name_is_refused(tmp_path):
    label = pd.Timestamp("2024-01-01", tz=dt.timezone(dt.timedelta(0), "x"))
    with pytest.raises(TypeError, match="Timestamp"):
        sklearn_mtl.save(FunctionTransformer(kw_args={"it": label}), tmp_path / "it")


@pytest.fixture
def file(tmp_path):
    sklearn_mtl.save(MultiTaskLinearRegressor(), tmp_path / "it")
    return tmp_path / "it"


@pytest.mark.parametrize(
    "value",
    [
        ["nothing", []],
        ["timestamp", [0, "ns", "dateutil//etc/passwd"]],
        ["timestamp", [0, "ns", "/etc/passwd"]],
        ["timestamp", [0, "ns", "tzlocal()"]],
        ["timestamp", [0, "parsec", None]],
        ["timestamp", ["now", "ns", None]],
        ["timedelta", [2**70, "ns"]],
        ["period", [0, "nonsense"]],
        ["period", ["0", "M"]],
        ["continuous", ["system", [], {"map": {}}]],
        ["continuous", ["rv_histogram", [], {"map": {}}]],
        ["continuous", ["__loader__", [], {"map": {}}]],
        ["continuous", ["norm", ["1"], {"map": {}}]],
        ["continuous", ["norm", [], {"map": {"seed": 1}}]],
        ["discrete", ["randint", [[1, 2]], {"map": {}}]],
        ["tweedie", ["x"]],
        ["tweedie_identity", []],
        ["imputer_triplet", [1, 2]],
        ["spline", [[0.0], [0.0], 1, True, 0]],
    ],
)
def test_nonsense_in_place_of_a_value_is_refused(value, file):
    forge(file, lambda graph: {"value": value})
    with pytest.raises(DamagedFileError, match="not a model that save"):
        sklearn_mtl.load(file)


@pytest.mark.parametrize(
    ("at", "forged"),
    [(2, -1), (2, 100), (2, 2**70), (2, 0.5), (4, 3), (0, None), (1, "c")],
)
def test_forged_splines_are_refused(at, forged, tmp_path):
    model = SplineTransformer().fit(X)
    sklearn_mtl.save(model, tmp_path / "it")

    def change(graph):
        for node in find(graph, "value"):
            node["value"][1][at] = forged

    forge(tmp_path / "it", change)
    with pytest.raises(DamagedFileError):
        sklearn_mtl.load(tmp_path / "it")


@pytest.mark.parametrize("way", ["Mean", "PCGrad", "MGDAWeighting"])
def test_methods_of_torchjd_are_saved_without_being_trusted(way, tmp_path):
    aggregation = pytest.importorskip("torchjd.aggregation")
    model = MultiTaskClassifier(
        **{**SMALL_NET, "balancing": getattr(aggregation, way)(), "max_epochs": 1}
    ).fit(X, Y > 1.0)
    found = again(model, tmp_path / "it")
    np.testing.assert_array_equal(found.predict(X), model.predict(X))
    assert repr(found.balancing) == repr(model.balancing)


@pytest.mark.exhaustive
def test_a_clean_process_loads_a_method_of_torchjd(tmp_path):
    aggregation = pytest.importorskip("torchjd.aggregation")
    model = MultiTaskClassifier(balancing=aggregation.PCGrad())
    sklearn_mtl.save(model, tmp_path / "it")
    code = "import sys, sklearn_mtl; print(sklearn_mtl.load(sys.argv[1]).balancing)"
    command = [sys.executable, "-c", code, str(tmp_path / "it")]
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "PCGrad" in out.stdout
