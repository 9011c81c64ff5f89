"""Two processes learn what one process learns, and say what they cannot do."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.neural_network.data._ranks import Ranks
from tests.neural_network.training.nets_in_parallel import CASES, OPTIONS, found

pytest.importorskip("accelerate")
HERE = Path(__file__).parent
LAUNCH = ["accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
LAUNCH += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
LAUNCH += ["--main_process_port", "0"]


def launch(script, *arguments):
    """Run a script in two processes on the CPU, as `accelerate launch` does."""
    path = [str(HERE.parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "ACCELERATE_USE_CPU": "true",
        "GLOO_SOCKET_IFNAME": "lo",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
    }
    command = [sys.executable, "-m", *LAUNCH, str(script), *map(str, arguments)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=600
    )


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    """What both processes have found."""
    folder = tmp_path_factory.mktemp("ranks")
    done = launch(HERE / "nets_in_parallel.py", folder)
    assert done.returncode == 0, done.stderr
    return [pickle.loads((folder / f"{k}.pkl").read_bytes()) for k in (0, 1)]


def test_each_process_computes_half_of_the_rows_of_a_batch(ranks):
    assert [rank[:2] for rank in ranks] == [(2, "gloo")] * 2
    # batches of 31, 31, 31 and 30 samples in three epochs
    n_rows = [16, 16, 16, 15] * 3
    assert [rank[2]["rows"]["n_rows"] for rank in ranks] == [n_rows] * 2


@pytest.mark.parametrize("name", CASES)
def test_two_processes_learn_what_one_does_with_batches_twice_as_large(ranks, name):
    parallel, alone = ranks[0][2][name], found(name)
    for key in ("train_loss", "valid_loss", "task_weight"):
        if key in alone:
            np.testing.assert_allclose(parallel[key], alone[key], rtol=1e-5, atol=1e-5)
    for one, other in zip(parallel["outputs"], alone["outputs"], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_all_processes_end_with_the_same_weights_and_losses(ranks):
    (*_, one, _), (*_, other, _) = ranks
    assert one.keys() == other.keys() > CASES.keys()
    for name in one:
        for key, value in one[name]["weights"].items():
            np.testing.assert_array_equal(value, other[name]["weights"][key], name)
        np.testing.assert_array_equal(
            one[name]["train_loss"], other[name]["train_loss"]
        )


def test_a_callback_that_stops_one_process_stops_all(ranks):
    for rank in ranks:
        assert len(rank[2]["stopped"]["train_loss"]) == 2


def test_what_the_processes_do_not_support_is_named(ranks):
    messages = ranks[0][3]
    assert messages["trunk"] == (
        "MultiTaskMixedEstimator: data_parallel=True does not support the penalty of "
        "the trunk SharedPrivateTrunk; allowed are trunks without a penalty, such as "
        "SharedPrivate(orthogonality=0)."
    )
    assert messages["device"].startswith(
        "MultiTaskClassifier: device='cpu:1' differs from the device 'cpu:0' that "
        "accelerate has assigned to this process."
    )
    assert messages["joblib"] == (
        "MultiTaskClassifier: data_parallel=True does not support fits that joblib "
        "runs at the same time. Leave n_jobs at None in searches and other tools."
    )
    assert messages["closed"] == (
        "MultiTaskClassifier: data_parallel=True cannot train, because the connection "
        "of the processes was closed. Call destroy_process_group() after the last fit."
    )


@pytest.mark.parametrize(
    ("name", "differs"),
    [
        ("samples", "X differs: [[(71, 5), "),
        ("inputs", "X differs: [[(141, 5), "),
        ("labels", "y differs: [[(141, 3), "),
        ("classes", "y differs: [[(141, 3), "),
        ("sample_weight", "sample_weight differs: ['"),
        ("validation set", "the held-out data differs: ['"),
        ("fitted net", "the fitted net differs: ['"),
        ("max_epochs", "max_epochs differs: ['3', '4']. Every process must call "),
    ],
)
def test_processes_with_other_data_or_parameters_are_refused(ranks, name, differs):
    for rank in ranks:
        assert rank[3][name].startswith(
            "MultiTaskClassifier: data_parallel=True requires the same data and "
            f"parameters in all 2 processes; {differs}"
        )


def test_the_job_ends_with_a_message_if_a_process_dies():
    done = launch(HERE / "dying_process.py")
    assert done.returncode != 0
    assert "exitcode: 3" in " ".join(done.stderr.split()).replace(" :", ":")


def refuse(**options):
    X, y = np.random.default_rng(0).random((8, 2)), np.tile([[0, 1], [1, 0]], (4, 1))
    model = MultiTaskClassifier(**{**OPTIONS, "data_parallel": True, **options})
    with pytest.raises(ValueError, match="data_parallel=True") as error:
        model.fit(X, y)
    assert not hasattr(model, "net_")
    return str(error.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"checkpoint": "here"}, "checkpoint='here'; allowed is None."),
        ({"monitor": "gradients"}, "monitor='gradients'; allowed is None."),
        ({"task_relation": np.eye(2)}, "relation_on='auto'; allowed is 'heads'."),
        (
            {"task_relation": "learned", "relation_on": "outputs"},
            "relation_on='outputs'; allowed is 'heads'.",
        ),
    ],
)
def test_parameters_that_are_not_supported_are_named(options, said):
    assert refuse(**options) == (
        f"MultiTaskClassifier: data_parallel=True does not support {said}"
    )


def test_a_single_process_is_an_ordinary_fit():
    alone, parallel = found("sum"), found("sum", data_parallel=True)
    for key, value in alone["weights"].items():
        np.testing.assert_array_equal(value, parallel["weights"][key])


def test_an_estimator_can_be_cloned_and_pickled():
    model = MultiTaskClassifier(data_parallel=True)
    for copy in (clone(model), pickle.loads(pickle.dumps(model))):
        assert copy.get_params()["data_parallel"] is True


@pytest.mark.parametrize("n_rows", [1, 2, 5, 6])
def test_the_parts_of_a_batch_are_the_batch(n_rows):
    torch = pytest.importorskip("torch")
    index = torch.arange(n_rows)[None]
    parts = []
    for number in range(3):
        ranks = Ranks(number, 3)
        parts.append(ranks.own(ranks.padded(index)))
        assert ranks.padding == -(-n_rows // 3) * 3 / n_rows
    whole = torch.cat(parts, dim=1)
    assert len({part.shape for part in parts}) == 1
    assert sorted(whole[whole >= 0].tolist()) == list(range(n_rows))
