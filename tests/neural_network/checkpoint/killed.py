"""Fits in processes that are killed, and how to start and end them."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np

from sklearn_mtl import MultiTaskMixedEstimator
from tests.neural_network.nets import table, tiny, with_gaps

X, Y = table()
Y = with_gaps(Y)
LONG = {
    "batch_size": 16,
    "balancing": "famo",
    "dropout": 0.2,
    "early_stopping": True,
    "max_epochs": 150,
    "n_iter_no_change": 150,
    "n_members": 2,
}

# What the first fit of a process imports, most of its time.
SLOW_IMPORTS = ["torch._dynamo", "sklearn_mtl.neural_network.checkpoint._checkpoint"]


def long_net(**arguments):
    return tiny(MultiTaskMixedEstimator, **{**LONG, **arguments})


def result(model):
    """Return what must be the same to the bit."""
    outputs = [np.asarray(output) for output in model._task_outputs(X)]
    history = {k: v for k, v in model.history_.items() if k != "duration"}
    weights = {k: v.numpy() for k, v in model.net_.module_.state_dict().items()}
    named = {f"output {t}": output for t, output in enumerate(outputs)}
    return {**named, **history, **weights, "best": np.array(model.best_epoch_)}


def assert_same_result(one, other):
    assert one.keys() == other.keys()
    for key in one:
        np.testing.assert_array_equal(one[key], other[key], err_msg=key)


def fit_and_save(checkpoint, out, arguments, die=None):
    """Fit in this process and write the result; `die` is (function of os, call)."""
    if die is not None:
        die_at(*die)
    model = long_net(checkpoint=checkpoint, **arguments).fit(X, Y)
    with open(f"{out}.part", "wb") as file:
        np.savez(file, **result(model))
    os.rename(f"{out}.part", out)


def fit_and_tell(checkpoint, out, arguments):
    """Fit where files may not grow after five epochs, and write what the error says."""
    import resource

    fsync, left = os.fsync, [5]

    def limited(number):
        fsync(number)
        left[0] -= 1
        if left[0] == 0:
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))

    os.fsync = limited
    try:
        long_net(checkpoint=checkpoint, **arguments).fit(X, Y)
    except OSError as error:
        Path(out).write_text(str(error), encoding="utf-8")


def die_at(name, n_calls):
    """Kill this process where it makes the n-th call of a function of os."""
    function, left = getattr(os, name), [n_calls]

    def deadly(*args, **kwargs):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)

    setattr(os, name, deadly)


class Fits:
    """Starts fits of one checkpoint folder in new processes.

    A server that has imported the package forks them, so that starting costs little.
    """

    def __init__(self, folder, **arguments):
        self.folder, self.out = Path(folder) / "checkpoints", Path(folder) / "out.npz"
        self.arguments = arguments
        methods = multiprocessing.get_all_start_methods()
        kind = "forkserver" if "forkserver" in methods else "spawn"
        self.context = multiprocessing.get_context(kind)
        if kind == "forkserver":
            self.context.set_forkserver_preload([__name__, *SLOW_IMPORTS])

    def start(self, out=None, die=None):
        arguments = (self.folder, out or self.out, self.arguments, die)
        process = self.context.Process(target=fit_and_save, args=arguments)
        process.start()
        return process

    def run(self, function, *arguments):
        process = self.context.Process(target=function, args=arguments)
        process.start()
        process.join()
        assert process.exitcode == 0

    def kill_after(self, seconds):
        """Start a fit, kill it after one more epoch and some time; return its code."""
        before, process = self.last_epoch(), self.start()
        while process.is_alive() and self.last_epoch() <= before:
            time.sleep(0.001)
        time.sleep(seconds)
        process.kill()
        process.join()
        return process.exitcode

    def last_epoch(self):
        names = [path.name for path in self.folder.rglob("epoch-*.mtl")]
        return max((int(name[6:12]) for name in names), default=0)

    def finish(self):
        process = self.start()
        process.join()
        assert process.exitcode == 0
        with np.load(self.out) as file:
            return dict(file)
