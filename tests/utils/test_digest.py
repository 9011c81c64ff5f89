import os
import subprocess
import sys

import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from sklearn_mtl.utils._digest import digest_object, digest_table

SCRIPT = """
import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn_mtl import IndependentTasks, MultiTaskClassifier
from sklearn_mtl.utils._digest import digest_object, digest_table
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

class Own(torch.nn.Module):
    def forward(self, x):
        return x if x in {"p", "q", "r"} else WIDTH

WIDTH = 8
for own in (lambda n: torch.nn.Linear(n, WIDTH), Own, MultiTaskClassifier(trunk=Own())):
    print(digest_object(own, with_code=True))
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
    assert len(set(found)) == 8


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


def made(source, name="thing"):
    """Return what a user's module of this source defines."""
    space = {"__name__": "users"}
    exec(source, space)
    return space[name]


def digest(thing):
    return digest_object(thing, with_code=True)


@pytest.mark.parametrize(
    "source",
    [
        "def thing(x):\n    return x + {n}",
        "thing = lambda x: x * {n}",
        "def outer(n):\n    return lambda x: x in {{'p', 'q', 'r'}} and n\n"
        "thing = outer({n})",
        "def thing(x, n={n}):\n    return x * n",
        "class thing:\n    def forward(self, x):\n        return x * {n}",
        "N = (3, {n})\nthing = lambda x: [x * N for _ in range(2)]",
        "def f():\n    return {n} * thing()\ndef thing():\n    return f()",
        "class A:\n    n = staticmethod(lambda: {n})\ndef thing():\n    return A.n()",
        "class thing:\n    @property\n    def twice(self):\n        return {n}",
        "class A:\n    def f(self):\n        return {n}\nclass thing(A):\n    pass",
        "N = {{'f': {n}}}\nthing = lambda x: x * N['f']",
        "N = [[{n}]]\ndef thing(x):\n    return x * N[0][0]",
        "import torch\nN = torch.tensor({n}.0)\nthing = lambda x: x * N",
        "import numpy\nN = numpy.array([{n}])\nclass thing:\n    n = N",
        "def f():\n    return {n}, N\nN = {{'f': f}}\nthing = lambda: N['f']()",
    ],
)
def test_own_code_counts_where_joblib_knows_its_name_alone(source):
    one = made(source.format(n=1))
    assert digest(one) == digest(made(source.format(n=1)))
    assert digest([one]) != digest([made(source.format(n=2))])


def test_what_cannot_be_pickled_counts_as_one_of_its_type():
    source = "import threading\nL = threading.Lock()\ndef thing():\n    return L, {n}"
    assert digest(made(source.format(n=1))) == digest(made(source.format(n=1)))
    assert digest(made(source.format(n=1))) != digest(made(source.format(n=2)))


def test_own_code_of_main_counts_in_a_worker_of_a_search(monkeypatch):
    # where the file of __main__ is one of joblib's, and the class comes by value
    source = "__name__ = '__main__'\nclass thing:\n    f = lambda self: {n}"
    here = digest(made(source.format(n=1)))
    file = "/lib/site-packages/joblib/externals/loky/backend/popen_loky_posix.py"
    monkeypatch.setattr(sys.modules["__main__"], "__file__", file, raising=False)
    assert digest(made(source.format(n=1))) == here != digest(made(source.format(n=2)))


def test_code_that_moved_in_its_file_is_the_same():
    source = "def thing(x):\n    return x + 1"
    assert digest(made(source)) == digest(made("\n\n" + source))


def test_an_instance_of_an_own_class_counts_with_its_code():
    source = "class thing:\n    def forward(self, x):\n        return x * {n}"
    one, other = (made(source.format(n=n))() for n in (1, 2))
    assert digest(one) != digest(other)


def test_classes_that_name_themselves_end():
    source = "class thing:\n    def copy(self):\n        return super().__new__(thing)"
    assert digest(made(source)) == digest(made(source))


def test_a_constant_of_an_own_class_counts():
    class Scaled:
        scale = 1.0

    before = digest_object(Scaled, with_code=True)
    Scaled.scale = 2.0
    assert digest_object(Scaled, with_code=True) != before
