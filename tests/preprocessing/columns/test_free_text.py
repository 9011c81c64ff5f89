"""Models that take categories say when a column is free text, and what to do."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.ensemble import MultiTaskBlendClassifier, MultiTaskForestClassifier
from sklearn_mtl.exceptions import FreeTextWarning
from sklearn_mtl.preprocessing import TableInputs
from tests.zoo import SMALL_NET

N = 90
NAMES = {
    "make_column_transformer": make_column_transformer,
    "make_pipeline": make_pipeline,
    "OneHotEncoder": OneHotEncoder,
    "TfidfVectorizer": TfidfVectorizer,
}


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    words = ["pain", "left", "right", "night", "day", "mild", "severe"]
    X = pd.DataFrame({"age": rng.normal(size=N)})
    X["note"] = [" ".join(rng.choice(words, 8)) for _ in range(N)]
    X["ward"] = rng.choice(["north", "south"], N)
    return X, pd.DataFrame({"ill": rng.random(N) < 0.5, "cured": rng.random(N) < 0.5})


MODELS = {
    "MultiTaskClassifier": lambda: MultiTaskClassifier(**SMALL_NET),
    "MultiTaskForestClassifier": lambda: MultiTaskForestClassifier(n_estimators=5),
    "MultiTaskBlendClassifier": lambda: MultiTaskBlendClassifier(
        [("net", MultiTaskClassifier(**SMALL_NET)), ("forest", "default")]
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_free_text_is_warned_of_once_with_a_line_that_runs(name, table):
    X, y = table
    with pytest.warns(FreeTextWarning) as caught:
        MODELS[name]().fit(X, y)
    (message,) = [str(warning.message) for warning in caught]
    assert message.startswith(f"{name}: column 'note' of X: free text is treated as")
    line = re.search(r"make_pipeline\(.*\(\)\)", message)[0]
    assert line == (
        "make_pipeline(make_column_transformer((TfidfVectorizer(), 'note'), "
        "(OneHotEncoder(handle_unknown='ignore'), ['ward']), remainder='passthrough'), "
        f"{name}())"
    )
    model = eval(line, NAMES | {name: MODELS[name]})
    assert model.fit(X, y).predict(X).shape == (N, 2)


def test_the_line_has_only_the_kinds_of_columns_that_there_are(table):
    X, y = table
    X = X[["note"]].assign(more=X["note"][::-1].to_numpy())
    with pytest.warns(FreeTextWarning, match=r"columns \['note', 'more'\]") as caught:
        MODELS["MultiTaskForestClassifier"]().fit(X, y)
    assert (
        "transformer((TfidfVectorizer(), 'note'), (TfidfVectorizer(), 'more')), "
    ) in str(caught[0].message)


def test_polars_frames_are_warned_of_too(table):
    polars = pytest.importorskip("polars")
    X, y = table
    with pytest.warns(FreeTextWarning, match="'note'"):
        MODELS["MultiTaskForestClassifier"]().fit(polars.from_pandas(X), y)


def test_there_is_no_warning_after_table_inputs_or_of_short_categories(table):
    X, y = table
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        forest = MODELS["MultiTaskForestClassifier"]
        make_pipeline(TableInputs(), forest()).fit(X, y)
        forest().fit(X.assign(note=X["note"].str.slice(0, 9)), y)
        in_blend = make_pipeline(TableInputs(), forest())
        MultiTaskBlendClassifier([("forest", in_blend)]).fit(X, y)
