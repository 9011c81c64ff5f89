"""Run small programs on the peers that this interpreter can import.

    python benchmarks/_peer_features.py out.json

Their pins conflict with ours, so that `make bench` gives them an environment of their
own, and this file imports nothing of sklearn_mtl. Each entry of PROBES is a cell of the
table: what it returns, or the message of its error, is written into the table.
"""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

os.environ["KERAS_BACKEND"] = "torch"
N_TRAIN = 1000


def load():
    """Return upper halves of digits and six pixels below, in two parts."""
    pixels = load_digits().data
    pixels = pixels[:, pixels.std(axis=0) > 0.5]
    X, y = pixels[:, :26], pixels[:, 30:36]
    return X[:N_TRAIN], y[:N_TRAIN], X[N_TRAIN:], y[N_TRAIN:]


X, Y, X_TEST, Y_TEST = load()
HIDDEN = np.random.default_rng(0).random(Y.shape) < 0.3
GAPS = np.where(HIDDEN, np.nan, Y)
CLASSES = np.where(Y.mean(axis=0) < Y, 1, 0)
CLASS_GAPS = np.where(HIDDEN, np.nan, CLASSES)
MIXED = np.empty((N_TRAIN, 2), dtype=object)  # a number, and the class yes or no
MIXED[:, 0], MIXED[:, 1] = Y[:, 0] / 7, np.array(["no", "yes"])[CLASSES[:, 1]]


def missing(make, y=GAPS):
    """Fit with three labels in ten missing; a prediction must beat the mean."""

    def run():
        predicted = np.asarray(make().fit(X, y).predict(X_TEST))
        if not np.isfinite(predicted).all():
            return "NaN predictions, no error"
        beats = r2_score(Y_TEST, predicted) > 0.2 if y is GAPS else True
        return "yes" if beats else "no error, no better than the mean"

    return run


def mixed(make):
    """Fit a number and a class together."""

    def run():
        predicted = np.asarray(make().fit(X, MIXED).predict(X_TEST))
        return "yes" if set(predicted[:, 1]) <= {"yes", "no"} else "not as classes"

    return run


def pipeline(make, y=Y):
    """Cross-validate a pipeline that ends in the estimator."""

    def run():
        model = make_pipeline(StandardScaler(), clone(make()))
        scores = cross_val_score(model, X, y, cv=2, error_score="raise")
        return "yes" if np.isfinite(scores).all() else "scores are NaN"

    return run


def cost(make):
    """Return CPU seconds of a fit of six tasks and a prediction."""

    def run():
        start = time.process_time()
        make().fit(X, Y).predict(X_TEST)
        return f"{time.process_time() - start:.2f} s"

    return run


def estimator(regressor, classifier=None):
    """Return the probes of an estimator of scikit-learn's kind."""
    return {
        "missing labels": missing(regressor),
        "mixed types": mixed(classifier or regressor),
        "pipelines": pipeline(regressor),
        "cost": cost(regressor),
    }


def xgboost():
    from xgboost import XGBClassifier, XGBRegressor

    return estimator(lambda: XGBRegressor(n_jobs=1), lambda: XGBClassifier(n_jobs=1))


def lightgbm():
    from lightgbm import LGBMRegressor

    single = LGBMRegressor(n_jobs=1, verbose=-1)
    return estimator(lambda: MultiOutputRegressor(single))


def catboost():
    from catboost import CatBoostRegressor

    options = {"verbose": 0, "thread_count": 1, "allow_writing_files": False}

    def make(loss="MultiRMSE"):
        return CatBoostRegressor(loss_function=loss, **options)

    def with_its_loss():
        found = missing(lambda: make("MultiRMSEWithMissingValues"))()
        return f"{found}, for numbers, with a loss that is made for it"

    return estimator(make) | {"missing labels": with_its_loss}


def sklearn():
    def make():
        return MultiOutputClassifier(LogisticRegression(max_iter=2000))

    def seconds():
        start = time.process_time()
        make().fit(X, CLASSES).predict(X_TEST)
        return f"{time.process_time() - start:.2f} s (logistic regressions)"

    return {
        "missing labels": missing(make, CLASS_GAPS),
        "mixed types": mixed(make),
        "pipelines": pipeline(make, CLASSES),
        "cost": seconds,
    }


def pytabkit():
    from pytabkit import RealMLP_TD_Regressor

    options = {"device": "cpu", "n_threads": 1, "random_state": 0, "verbosity": 0}
    short = estimator(lambda: RealMLP_TD_Regressor(n_epochs=5, **options))
    del short["mixed types"]  # its regressor takes the classes for numbers
    return short | {"cost": cost(lambda: RealMLP_TD_Regressor(**options))}


def tabpfn():
    from tabpfn import TabPFNRegressor
    from tabpfn.validation import ensure_compatible_fit_inputs_sklearn as check

    model = TabPFNRegressor()  # its weights are not on PyPI, so fit itself cannot run
    model.get_inference_config = lambda: SimpleNamespace(PASSTHROUGH_INF=False)

    def run():
        check(X, GAPS[:, 0], estimator=model, ensure_y_numeric=True)
        return "yes"

    def several():
        check(X, MIXED, estimator=model, ensure_y_numeric=True)
        return "yes"

    return {"missing labels": run, "mixed types": several}


def keras():
    import keras
    from keras.wrappers import SKLearnRegressor

    def build(X, y, n_outputs=None):
        hidden = keras.layers.Dense(64, activation="relu")
        output = keras.layers.Dense(n_outputs or 1)
        model = keras.Sequential([keras.Input((X.shape[1],)), hidden, output])
        model.compile("adam", "mse")
        return model

    def gaps():
        model = build(X, GAPS, 6)
        losses = model.fit(X, GAPS, epochs=2, verbose=0).history["loss"]
        return "no error, but the loss is NaN" if np.isnan(losses).all() else "yes"

    def heads():
        entry = keras.Input((X.shape[1],))
        hidden = keras.layers.Dense(64, activation="relu")(entry)
        number = keras.layers.Dense(1, name="number")(hidden)
        label = keras.layers.Dense(2, activation="softmax", name="class")(hidden)
        model = keras.Model(entry, {"number": number, "class": label})
        losses = {"number": "mse", "class": "sparse_categorical_crossentropy"}
        model.compile("adam", loss=losses)
        y = {"number": Y[:, 0], "class": CLASSES[:, 1]}
        found = model.fit(X, y, epochs=2, verbose=0).history["loss"]
        return (
            "yes, a head for each task by hand" if np.isfinite(found).all() else "NaN"
        )

    def wrapped():
        short = {"epochs": 2, "verbose": 0}
        return SKLearnRegressor(build, fit_kwargs=short)

    def piped():
        return f"one task: {pipeline(wrapped, Y[:, 0])()}; several: \
{message_of(pipeline(wrapped))}"

    return {"missing labels": gaps, "mixed types": heads, "pipelines": piped}


def libmtl():
    import torch

    # 1.1.5 imports a module of torchvision that is gone since 0.12
    for name in ("torchvision", "torchvision.models", "torchvision.models.utils"):
        sys.modules.setdefault(name, MagicMock())
    from LibMTL.loss import CELoss
    from LibMTL.utils import count_improvement

    def ignored():
        logits = torch.zeros(2, 3)
        some = CELoss().compute_loss(logits, torch.tensor([0, -100]))
        none = CELoss().compute_loss(logits, torch.tensor([-100, -100]))
        assert some.isfinite()
        end = "NaN" if none.isnan() else "finite"
        return f"classes coded -100 (CELoss); {end} loss if a batch of a task has none"

    def improvement():
        found = count_improvement({"a": [0.8]}, {"a": [0.9]}, {"a": [1]})
        assert found > 0
        return "count_improvement, from scores of single-task models that you give"

    return {"missing labels": ignored, "does it help?": improvement}


def torchjd():
    import torch
    from torchjd.aggregation import MGDA

    def poisoned():
        found = MGDA()(torch.tensor([[1.0, 2.0], [float("nan"), 1.0]]))
        return "you compute the losses; " + (
            "a NaN makes the whole gradient NaN"
            if found.isnan().all()
            else "NaN is kept"
        )

    return {"missing labels": poisoned}


def chemprop():
    molecules = ["C" * n + end for n in range(1, 21) for end in "ON"]
    program = Path(sys.executable).with_name("chemprop")

    def call(*command):
        command = [program, *command, "--num-workers", "0"]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        if found.returncode:
            raise ValueError(found.stderr.strip().splitlines()[-1].split(": ", 1)[-1])

    def predictions(second):
        folder = Path(tempfile.mkdtemp())
        rows = [
            f"{m},{len(m)},{label}" for m, label in zip(molecules, second, strict=True)
        ]
        table, model, out = folder / "data.csv", folder / "model", folder / "out.csv"
        table.write_text("\n".join(["smiles,a,b", *rows, ""]))
        call("train", "-i", table, "-o", model, "--epochs", "3")
        call("predict", "-i", table, "--model-paths", model, "-o", out)
        return np.genfromtxt(out, delimiter=",", skip_header=1, usecols=(1, 2))

    def gaps():
        found = predictions("" if i % 2 else i / 2 for i in range(40))
        return "yes, of molecules" if np.isfinite(found).all() else "NaN"

    def two_types():
        predictions("NO"[i % 2] for i in range(40))
        return "yes"

    return {"missing labels": gaps, "mixed types": two_types}


PEERS = {
    "scikit-learn {} MultiOutputClassifier": ("scikit-learn", sklearn),
    "XGBoost {}": ("xgboost-cpu", xgboost),
    "CatBoost {}": ("catboost", catboost),
    "LightGBM {}, one per target": ("lightgbm", lightgbm),
    "TabPFN {}": ("tabpfn", tabpfn),
    "pytabkit {} RealMLP": ("pytabkit", pytabkit),
    "LibMTL {}": ("LibMTL", libmtl),
    "TorchJD {}": ("torchjd", torchjd),
    "Keras {}": ("keras", keras),
    "chemprop {}": ("chemprop", chemprop),
}


PLACE_IN_C = re.compile(r"^(\[[\d:]+\] )?\S+\.(cc|cpp):\d+: (Check failed: \w+: )?")


def message_of(probe):
    """Return what a probe returns, or the first sentence of its error."""
    try:
        return probe()
    except Exception as error:
        text = PLACE_IN_C.sub("", " ".join(str(error).split()))
        return f"error: {re.split(r'[.,:] ', text)[0].rstrip('.')}"


def main():
    out = {}
    for name, (distribution, probes_of) in PEERS.items():
        try:
            version = importlib.metadata.version(distribution)
            probes = probes_of()
        except ImportError as error:
            print(f"{name}: not installed here ({error})", file=sys.stderr)
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cells = {column: message_of(probe) for column, probe in probes.items()}
        out[name.format(version)] = cells
    Path(sys.argv[1]).write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
