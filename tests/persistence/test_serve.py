"""The server of the guide, run as a process of its own that loads the file."""

import json
import os
import runpy
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sklearn_mtl
from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from tests.zoo import SMALL_NET

EXAMPLES = Path(__file__).parents[2] / "examples"
pytest.importorskip("fastapi", reason="fastapi is not installed (test extra)")
pytest.importorskip("uvicorn", reason="uvicorn is not installed (test extra)")


def table():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((60, 2)), columns=["age", "dose"])
    X["ward"] = rng.choice(["a", "b"], 60)
    X.loc[:5, "age"] = np.nan
    return X


def ask(url, columns):
    """Return the status and the answer."""
    request = urllib.request.Request(
        url,
        json.dumps({"columns": columns}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.fixture(scope="module")
def model():
    X = table()
    y = pd.DataFrame(
        {
            "sick": np.where(X["dose"] > 0, "yes", "no"),
            "grade": np.digitize(X["dose"], [-0.5, 0.5]).astype(float),
        }
    )
    return MultiTaskClassifier(**SMALL_NET).fit(X, y)


@pytest.fixture(scope="module")
def url(model, tmp_path_factory):
    """Start the server on a free port, and stop it in the end."""
    if not EXAMPLES.is_dir():
        pytest.skip("the examples are in the repository only")
    path = tmp_path_factory.mktemp("served") / "model.mtl"
    sklearn_mtl.save(model, path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "serve:app", "--port", str(port)],
        cwd=EXAMPLES,
        env={**os.environ, "MODEL": str(path)},
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):  # a minute, for imports on a machine that is busy
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/predict"
    finally:
        server.terminate()
        server.wait()


def test_it_answers_as_the_model_does(model, url):
    X = table()
    columns = X.astype(object).where(X.notna(), None).to_dict("list")
    status, found = ask(url, columns)
    assert status == 200
    expected = model.proba_frame(X)
    for task in ("sick", "grade"):
        probabilities = pd.DataFrame(found[task])
        np.testing.assert_allclose(probabilities, expected[task], rtol=1e-12)
        assert list(probabilities) == [str(c) for c in expected[task].columns]


def test_the_order_of_columns_is_free(url):
    columns = {"dose": [1.0, -1.0], "age": [None, 30.0], "ward": ["a", "b"]}
    answers = [ask(url, columns), ask(url, dict(reversed(columns.items())))]
    assert answers[0] == answers[1]
    assert answers[0][0] == 200


@pytest.mark.parametrize("cls", [MultiTaskMixedEstimator, MultiTaskRegressor])
def test_regressions_are_answered_by_their_values(cls, tmp_path, monkeypatch):
    X = table()
    y = pd.DataFrame({"weight": X["dose"], "height": 2 * X["dose"]})
    if cls is MultiTaskMixedEstimator:
        y["sick"] = np.where(X["dose"] > 0, "yes", "no")
    model = cls(**SMALL_NET).fit(X, y)
    sklearn_mtl.save(model, tmp_path / "model.mtl")
    monkeypatch.setenv("MODEL", str(tmp_path / "model.mtl"))
    space = runpy.run_path(str(EXAMPLES / "serve.py"))
    columns = X.astype(object).where(X.notna(), None).to_dict("list")
    found = space["predict"](space["Rows"](columns=columns))
    assert list(found) == list(y)
    expected = model.predict_frame(X)
    for task in ("weight", "height"):
        np.testing.assert_array_equal(found[task], expected[task])
    if "sick" in found:
        probabilities = pd.DataFrame(found["sick"])
        np.testing.assert_array_equal(probabilities, model.proba_frame(X)["sick"])


def test_a_column_that_is_missing_is_said(url):
    status, found = ask(url, {"age": [1.0], "ward": ["a"]})
    assert status == 422
    assert "dose" in found["detail"]
