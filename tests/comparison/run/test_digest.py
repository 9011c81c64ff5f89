import os
import subprocess
import sys

import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from sklearn_mtl.comparison.run._digest import digest_object, digest_table

SCRIPT = """
import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn_mtl import IndependentTasks, MultiTaskClassifier
from sklearn_mtl.comparison.run._digest import digest_object, digest_table
from sklearn_mtl.modules import MixtureOfExperts

torch.manual_seed(0)
trunk = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU())
for estimator in (
    IndependentTasks(MultiTaskClassifier(class_weight={"b": 1, "a": 2})),
    make_pipeline(StandardScaler(), MultiTaskClassifier(trunk=MixtureOfExperts())),
    MultiTaskClassifier(trunk=trunk),
    MultiTaskClassifier(trunk=torch.nn.Linear(4, 8, dtype=torch.bfloat16)),
    {"x", "y", "z"},
):
    print(digest_object(estimator))
"""


def digests(seed):
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_digests_are_the_same_in_every_process_also_of_modules():
    found = digests("1")
    assert found == digests("2")
    assert len(set(found)) == 5


def test_other_parameters_and_weights_give_another_digest():
    torch = pytest.importorskip("torch")
    assert digest_object(Ridge(2.0)) != digest_object(Ridge(1.0))
    one = torch.nn.Linear(2, 2)
    other = torch.nn.Linear(2, 2)
    other.load_state_dict(one.state_dict())
    assert digest_object(one) == digest_object(other)
    other.weight.data[0, 0] += 1
    assert digest_object(one) != digest_object(other)
    other.weight.data[0, 0] -= 1
    other.weight.requires_grad_(False)
    assert digest_object(one) != digest_object(other)


def test_frames_of_polars_count_as_those_of_pandas():
    polars = pytest.importorskip("polars")
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    assert digest_table(polars.from_pandas(frame)) == digest_table(frame)
