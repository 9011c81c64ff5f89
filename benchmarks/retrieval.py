"""Retrieval: speed of the search, and accuracy of embeddings.

`--part speed` compares the time of exact search (1000 queries of 64 numbers) with
scikit-learn's brute force and the top k of chunks in torch, and the time of the metrics
with that of the search. `--part quality` compares embeddings on Fashion-MNIST (6000
images: class and group) and on multi_mnist_fashion (8000 images of a digit over a
garment), with all labels, with 500 per task, and for classes that are not in the
training images. The galleries are the training images, the queries 1000 other images,
and all nets are small convolutional nets of the same size.

    python -m benchmarks.retrieval --data-dir DIR --out FILE

Results are stored in a folder, so a second run computes only new results.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from benchmarks._figures import record
from benchmarks._retrieval.pictures import PROBLEMS, SETTINGS, why_not
from benchmarks._retrieval.quality import measure
from benchmarks._retrieval.speed import (
    describe_approximate,
    time_metrics,
    time_searches,
)
from benchmarks._retrieval.summary import print_table, quality_targets
from benchmarks._timing import CLOCKS, print_targets

HERE = Path(__file__).resolve().parent


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--part", choices=["speed", "quality", "all"], default="all")
    add("--data-dir", type=Path, default=HERE.parents[1] / "shared" / "data")
    add("--problems", nargs="+", choices=PROBLEMS, default=list(PROBLEMS))
    add("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    add("--seeds", type=int, default=3)
    add("--sizes", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    add("--approximate", type=int, default=100_000, help="items of the faiss indexes")
    add("--rounds", type=int, default=3)
    add("--clock", choices=CLOCKS, default="cpu")
    add("--cache-dir", type=Path, default=HERE / "results" / "retrieval")
    add("--json", type=Path, help="write what was measured, and how, to this file")
    return parser.parse_args()


def run_speed(args: argparse.Namespace) -> tuple[dict, list]:
    results, targets = {}, []
    for n in args.sizes:
        results[f"search, {n} items"], rows = time_searches(n, args.rounds, args.clock)
        targets += rows
    if args.approximate:
        targets += describe_approximate(args.approximate)
    results["metrics"], rows = time_metrics(args.rounds, args.clock)
    return results, targets + rows


def run_quality(args: argparse.Namespace) -> tuple[dict, list]:
    records, tables = [], []
    for problem in args.problems:
        reason = why_not(problem, args.data_dir)
        if reason:
            print(f"{problem} is skipped: {reason}")
            continue
        for seed in range(args.seeds):
            for setting in args.settings:
                place = (problem, setting, seed)
                records.append(measure(*place, args.data_dir, args.cache_dir))
                found = records[-1]
                print(*place, found["seconds"], found.get("choice", ""), flush=True)
    for problem in args.problems:
        if any(record["problem"] == problem for record in records):
            tasks = PROBLEMS[problem]
            tables += print_table(records, problem, tasks, args.settings)
    return {"records": records, "tables": tables}, quality_targets(records)


def main() -> None:
    args = parse_arguments()
    torch.set_num_threads(1)
    results, targets = {}, []
    for part, run in (("speed", run_speed), ("quality", run_quality)):
        if args.part in (part, "all"):
            results[part], rows = run(args)
            targets += rows
    met = print_targets(targets) if targets else []
    record(args.json, {**results, "targets": met})


if __name__ == "__main__":
    main()
