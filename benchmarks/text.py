"""Texts: speed compared with a plain PyTorch loop, and scores on SNIPS.

`--what speed` times an epoch of the default net on some thousand utterances that are
already read and hashed, and an epoch of a loop of the same net with prepared batches.
It also times the prediction of 1,000 utterances.

`--what scores` trains the default net on the training and the validation part with
several seeds, and its twins (one net per task). It scores the test part: F1 of the
slots, accuracy of the intents, and the fraction of utterances without any error. With
`--valid` it trains on the training part only and scores the validation part.

The random field and the order of predicted tags were chosen on the validation part and
on 1,300 utterances held out of the training part, in 8 epochs with one seed. Four nets
were compared: without a field, and with one trained by sequences, by marginals, and by
sequences with rare words dropped more often. For the first net, the most likely tags
were compared with those in order and with three weights of the pairs in the training
part. The F1 of the slots was 86.7 without field and order, 88.3 with the order, and
89.7 with both. Some sizes and dropout rates had been compared in the same way before.

Later, these settings were compared on both held-out sets together, in 8 epochs (F1 of
the slots, fraction of utterances without any error). The first one had seed 0, the
others seed 1:

- the mean of the vectors of a word and its n-grams, independent dropout, equal weights
  of both tasks: 89.5, 76.2. Averages of the weights over the last steps did not change
  this by more than 0.1, and longer averages were worse.
- the vector of the word plus the mean of those of its n-grams, the same units dropped
  for all tokens of a text, and rare words dropped more often: 90.1, 77.4
- in addition, weights of 1.5 for the slots and 0.5 for the intents: 91.2, 79.4
- the same without dropping rare words: 91.4, 79.9
- in addition, the sum of the vectors of the n-grams divided by the square root of their
  number, instead of their mean: 92.4, 81.6. This is the default.

If SNIPS is not available, a message is printed.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks._figures import record
from benchmarks._text.loop import PlainLoop
from benchmarks._text.snips import FOLDER, METRICS, read_part, scores
from benchmarks._timing import (
    CLOCKS,
    median_ratio,
    print_targets,
    print_times,
    time_rounds,
)
from sklearn_mtl import IndependentTasks, MultiTaskClassifier
from sklearn_mtl.modules import Text


def net(**arguments: object) -> MultiTaskClassifier:
    """Return the default net of texts."""
    return MultiTaskClassifier(trunk=Text(), **{"random_state": 0, **arguments})


def measure_speed(folder: Path, n_texts: int, rounds: int, clock: str) -> list[tuple]:
    """Print the seconds of an epoch and of predictions; return targets."""
    X, y = read_part(folder, "train")
    X, y = X[:n_texts], y[:n_texts]
    loop = PlainLoop(Text(), X, y)
    # The difference of two fits is the time of an epoch, without reading and set-up.
    fits = {
        "ours, 1 epoch": lambda: net(max_epochs=1).fit(X, y),
        "ours, 2 epochs": lambda: net(max_epochs=2).fit(X, y),
        "loop": loop.epoch,
    }
    seconds = time_rounds(fits, rounds, clock)
    epochs = {
        "ours": seconds["ours, 2 epochs"] - seconds["ours, 1 epoch"],
        "loop": seconds["loop"],
    }
    print_times(f"an epoch of {n_texts} utterances", epochs, "loop")
    model = net(max_epochs=1).fit(X, y)
    thousand = {"predict": lambda: model.predict(X[:1000])}
    predict = time_rounds(thousand, rounds, clock)
    print_times("predict 1,000 utterances", predict, "predict")
    return [
        ("epoch / loop", median_ratio(epochs, "ours", "loop"), "<=", 1.10),
        ("1,000 predictions, s", float(np.median(predict["predict"])), "<=", 1.0),
    ]


def measure_scores(
    folder: Path, n_seeds: int, has_twins: bool, is_valid: bool
) -> tuple[dict, list[tuple]]:
    """Print the scores of each seed; return them, and targets."""
    parts, held = (("train",), "valid") if is_valid else (("train", "valid"), "test")
    X, y = read_part(folder, *parts)
    new_X, new_y = read_part(folder, held)
    found: dict[str, list] = {}
    for seed in range(n_seeds):
        joint = net(random_state=seed)
        models = {"joint": joint, "twins": IndependentTasks(joint)}
        for name in ["joint", "twins"][: 2 if has_twins else 1]:
            start = time.process_time()
            predicted = models[name].fit(X, y).predict(new_X)
            row = {**scores(new_y, predicted), "s": time.process_time() - start}
            found.setdefault(name, []).append(row)
            shown = "  ".join(f"{key} {value:8.4f}" for key, value in row.items())
            print(f"seed {seed}  {name:6}{shown}", flush=True)
    mean = {key: np.mean([row[key] for row in found["joint"]]) for key in METRICS}
    return found, [
        ("slot F1", 100 * mean["span_f1"], ">=", 93.0),
        ("intent accuracy", 100 * mean["accuracy"], ">=", 98.0),
        ("whole utterances", 100 * mean["whole"], ">=", 84.5),
        ("seconds", max(row["s"] for row in found["joint"]), "<=", 300.0),
    ]


def main() -> None:
    """Run the measurement, and print it with the targets."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--what", choices=["speed", "scores"], default="speed")
    parser.add_argument("--texts", type=int, default=3200, help="texts per epoch")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--no-twins", action="store_true")
    parser.add_argument("--valid", action="store_true")
    parser.add_argument("--clock", choices=CLOCKS, default="cpu")
    parser.add_argument("--data", type=Path, default=FOLDER)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if not args.data.exists():
        print(f"Skipped: SNIPS is not in {args.data}.")
        return
    torch.set_num_threads(1)
    found: dict = {}
    if args.what == "speed":
        rows = measure_speed(args.data, args.texts, args.rounds, args.clock)
    else:
        found, rows = measure_scores(
            args.data, args.seeds, not args.no_twins, args.valid
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    rows.append(("peak memory, MB", peak, "<=", 1024.0))
    record(args.json, {"targets": print_targets(rows), "scores": found})


if __name__ == "__main__":
    main()
