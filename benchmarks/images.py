"""Speed on images: an epoch of fit, compared with Keras and hand-written loops.

A common model (Conv 32 3x3 relu, max-pool 2x2, dense 64 relu, two softmax heads of 10
and 3 classes, Adam, batches of 128) learns 12,000 images of Fashion-MNIST in one
thread, and predicts 10,000, by

    ours        MultiTaskClassifier(trunk=Conv((1, 28, 28), padding="valid"))
    ours bf16   the same with dtype="bfloat16"
    best loop   torch: channels last, pooling before relu, one head, fused Adam
    plain loop  torch in its usual form: channels first, one head per task
    keras       Keras on TensorFlow, in .venv-keras (`make bench`) or --keras PYTHON

The accuracy of both dtypes over three seeds follows. If the images or Keras are not
available, they are skipped with a message.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks._figures import record
from benchmarks._images.data import FOLDER, read_part
from benchmarks._images.keras_peer import KerasPeer
from benchmarks._images.loops import BATCH, LR, BestLoop, PlainLoop
from benchmarks._timing import CLOCKS, median_ratio, print_targets, print_times
from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.modules import Conv

Timed = Callable[[], float]


def ours(epochs: int, **arguments: object) -> MultiTaskClassifier:
    """Return the model as our estimator."""
    return MultiTaskClassifier(
        trunk=Conv((1, 28, 28), padding="valid"),
        optimizer="adam",
        lr=LR,
        lr_schedule="constant",
        batch_size=BATCH,
        max_epochs=epochs,
        early_stopping=False,
        **{"random_state": 0, **arguments},
    )


def timed(function: Callable[[], object], clock: str) -> Timed:
    """Return a function that calls another function and returns its seconds."""
    now = CLOCKS[clock]

    def call() -> float:
        start = now()
        function()
        return now() - start

    return call


def rounds_of(competitors: dict[str, Timed], rounds: int) -> dict[str, np.ndarray]:
    """Return seconds (n_rounds,) of each, which it takes itself, after a warm-up."""
    names = list(competitors)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for r in range(rounds + 1):
        for name in names[r % len(names) :] + names[: r % len(names)]:
            took = competitors[name]()
            if r:
                seconds[name].append(took)
    return {name: np.array(values) for name, values in seconds.items()}


def find_keras(python: Path, clock: str) -> KerasPeer | None:
    """Start Keras, or print why it is not available."""
    if not python.exists():
        print(f"Keras is skipped: {python} does not exist.")
        return None
    peer = KerasPeer(python, clock)
    print("TensorFlow {}, Keras {}".format(*peer.versions))
    return peer


def compare_accuracy(train: tuple, test: tuple, epochs: int) -> dict[str, np.ndarray]:
    """Return mean accuracy (3, 2), seeds and tasks, of both dtypes."""
    found: dict[str, np.ndarray] = {}
    print(f"\nAccuracy on 10,000 images after {epochs} epochs: class, group")
    for dtype in ("float32", "bfloat16"):
        models = [ours(epochs, dtype=dtype, random_state=s) for s in range(3)]
        scores = [
            (model.fit(*train).predict(test[0]) == test[1]).mean(axis=0)
            for model in models
        ]
        found[dtype] = np.array(scores)
        print(f"{dtype:10}", *(f"{value:.4f}" for value in np.mean(scores, axis=0)))
    return found


def main() -> None:
    """Time fits and predictions, measure accuracy, and print all with the targets."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3, help="epochs for the accuracy")
    parser.add_argument("--clock", choices=CLOCKS, default="cpu")
    parser.add_argument("--data", type=Path, default=FOLDER)
    parser.add_argument("--keras", type=Path, default=Path(".venv-keras/bin/python"))
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if not args.data.exists():
        print(f"Skipped: there are no images in {args.data}.")
        return
    torch.set_num_threads(1)
    train = read_part(args.data, "train", 12_000)
    test = read_part(args.data, "t10k", 10_000)
    peer = find_keras(args.keras, args.clock)
    fits: dict[str, Timed] = {
        "ours": timed(lambda: ours(1).fit(*train), args.clock),
        "ours bf16": timed(lambda: ours(1, dtype="bfloat16").fit(*train), args.clock),
        "best loop": timed(lambda: BestLoop().fit(*train, 1), args.clock),
        "plain loop": timed(lambda: PlainLoop().fit(*train, 1), args.clock),
    }
    models = {
        "ours": ours(1).fit(*train),
        "ours bf16": ours(1, dtype="bfloat16").fit(*train),
        "best loop": BestLoop().fit(*train, 1),
        "plain loop": PlainLoop().fit(*train, 1),
    }
    predictions: dict[str, Timed] = {
        name: timed(lambda model=model: model.predict_proba(test[0]), args.clock)
        for name, model in models.items()
    }
    if peer is not None:
        x, y = train
        fits["keras"] = lambda: peer.ask(do="fit", x=x, y=y, epochs=1)
        for batch in (32, 128, 512):
            predictions[f"keras, {batch}"] = lambda batch=batch: peer.ask(
                do="predict", x=test[0], batch=batch
            )
    fit = rounds_of(fits, args.rounds)
    print_times("fit, an epoch of 12,000 images", fit, "best loop")
    predict = rounds_of(predictions, args.rounds)
    print_times("predict_proba, 10,000 images", predict, "best loop")
    if peer is not None:
        peer.close()
    accuracy = compare_accuracy(train, test, args.epochs)
    targets = print_targets(make_targets(fit, predict, accuracy))
    content = {"fit": fit, "predict": predict, "accuracy": accuracy, "targets": targets}
    record(args.json, {**content, "when": time.strftime("%Y-%m-%d")})


def make_targets(
    fit: dict[str, np.ndarray],
    predict: dict[str, np.ndarray],
    accuracy: dict[str, np.ndarray],
) -> list[tuple[str, float, str, float]]:
    """Return the targets with the measured values."""
    lost = np.mean(accuracy["float32"] - accuracy["bfloat16"], axis=0).max()
    rows = [
        ("fit / best loop", median_ratio(fit, "ours", "best loop"), "<=", 1.10),
        ("fit / plain loop", median_ratio(fit, "ours", "plain loop"), "<=", 0.60),
        ("bfloat16 / float32", median_ratio(fit, "ours bf16", "ours"), "<=", 1.25),
        ("accuracy lost by bfloat16", float(lost), "<=", 0.01),
    ]
    if "keras" in fit:
        rows.append(("fit / Keras", median_ratio(fit, "ours", "keras"), "<=", 1.0))
        fastest = min(
            (name for name in predict if name.startswith("keras")),
            key=lambda name: float(np.median(predict[name])),
        )
        ratio = median_ratio(predict, "ours", fastest)
        rows.append((f"predict / {fastest}", ratio, "<=", 1.0))
    return rows


if __name__ == "__main__":
    main()
