"""Cost of a checkpoint: seconds per epoch with and without it.

    python -m benchmarks.checkpoints

A small, the default and a large net are trained on generated data for the same number
of epochs, with `checkpoint=None` and with a folder. Times are wall seconds, because
writing waits for the disk. "write" is the median time of a single write, "MB" the size
of a file, and "again" the time of a completed fit that is restored from its file.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks._figures import record
from benchmarks._timing import time_rounds
from sklearn_mtl import MultiTaskRegressor
from sklearn_mtl.datasets import make_multitask_regression
from sklearn_mtl.neural_network.checkpoint._checkpoint import Checkpoint

#: Samples, features, tasks, epochs and arguments.
NETS = {
    "small": (500, 10, 3, 20, {"hidden_layer_sizes": (32,), "n_members": 1}),
    "default": (2000, 20, 5, 20, {}),
    "large": (2000, 50, 5, 4, {"hidden_layer_sizes": (1024, 1024), "n_members": 2}),
}


def make(name):
    n_samples, n_features, n_tasks, n_epochs, arguments = NETS[name]
    X, y, *_ = make_multitask_regression(
        n_samples, n_features=n_features, n_tasks=n_tasks, random_state=0
    )
    net = MultiTaskRegressor(
        max_epochs=n_epochs, n_iter_no_change=n_epochs, random_state=0, **arguments
    )
    return X, y, net, n_epochs


def measure(name, rounds):
    X, y, net, n_epochs = make(name)
    writes, write = [], Checkpoint.write

    def timed(checkpoint, *args, **kwargs):
        start = time.perf_counter()
        write(checkpoint, *args, **kwargs)
        writes.append(time.perf_counter() - start)

    Checkpoint.write = timed

    def with_checkpoint():
        with tempfile.TemporaryDirectory() as folder:
            net.set_params(checkpoint=folder).fit(X, y)

    competitors = {
        "without": lambda: net.set_params(checkpoint=None).fit(X, y),
        "with": with_checkpoint,
    }
    seconds = time_rounds(competitors, rounds, clock="wall")
    with tempfile.TemporaryDirectory() as folder:
        net.set_params(checkpoint=folder).fit(X, y)
        size = next(Path(folder).rglob("*.mtl")).stat().st_size
        start = time.perf_counter()
        net.fit(X, y)
        again = time.perf_counter() - start
    Checkpoint.write = write
    return {
        "parameters": sum(p.numel() for p in net.net_.module_.parameters()),
        "MB": size / 1e6,
        "epoch without": np.median(seconds["without"]) / n_epochs,
        "epoch with": np.median(seconds["with"]) / n_epochs,
        "write": np.median(writes),
        "again": again,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--nets", nargs="+", default=list(NETS), choices=list(NETS))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = {name: measure(name, options.rounds) for name in options.nets}
    columns = list(next(iter(found.values())))
    print(f"{'':8}" + "".join(f"{column:>15}" for column in columns))
    for name, row in found.items():
        numbers = [f"{row['parameters']:15,}", f"{row['MB']:15.2f}"]
        numbers += [f"{1e3 * row[key]:12.1f} ms" for key in columns[2:]]
        print(f"{name:8}" + "".join(numbers))
    record(options.json, found)


if __name__ == "__main__":
    main()
