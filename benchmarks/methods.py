"""Accuracy of all balancing methods on three real tables.

The default net learns, once with each method, from 70 % of the samples of three tables:
six binary tasks (ml_emotions); two regressions, two binary and two multiclass tasks
(student_por_mixed); fourteen regressions (mtr_wq). Its skill is the mean over tasks of
1 - error / error of the best constant on the other 30 %, with log-loss and squared
error. Printed are 100 times the mean difference to the plain sum of the same splits and
seeds, with the interval of Nadeau and Bengio for overlapping splits, and the CPU
seconds of a fit relative to those of the plain sum.

    python -m benchmarks.methods --data-dir DIR --out FILE

Each fit is stored as a file in a folder, so an interrupted run can continue. Empty the
folder after a change of the package.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import log_loss

from benchmarks._accuracy import cache
from benchmarks._accuracy.tables import Split, Table, load_table, split_rows
from benchmarks._figures import record
from sklearn_mtl import MultiTaskMixedEstimator
from sklearn_mtl.balancing import METHODS
from sklearn_mtl.comparison import corrected_interval

HERE = Path(__file__).resolve().parent
SETS = ("ml_emotions", "student_por_mixed", "mtr_wq")
BASE = "sum"
# with AdamW these equal the sum up to a factor without effect
SAME_AS_SUM = {"fixed", "mean"}
NAMES = [BASE, *(n for n in sorted(METHODS) if n not in {BASE, *SAME_AS_SUM})]
N_TEST_PER_TRAIN = 0.3 / 0.7


def skill(table: Table, t: int, split: Split, output: np.ndarray) -> float:
    """Return 1 - error / error of the best constant of the training samples."""
    truth, seen = table.y[split.test, t], table.y[split.train, t]
    if table.kinds[t] == "regression":
        errors = np.mean((truth - output) ** 2), np.mean((truth - seen.mean()) ** 2)
    else:
        classes, counts = np.unique(seen, return_counts=True)
        is_known = np.isin(truth, classes)
        prior = np.tile(counts / counts.sum(), (is_known.sum(), 1))
        errors = tuple(
            log_loss(truth[is_known], p, labels=classes)
            for p in (output[is_known], prior)
        )
    return 1.0 - errors[0] / errors[1]


def measure(table: Table, seed: int, name: str) -> dict:
    """Fit the net on a split with a method, and score it."""
    split = split_rows(table, seed)
    model = MultiTaskMixedEstimator(
        task_types=dict(zip(table.task_names, table.kinds, strict=True)),
        balancing=name,
        random_state=seed,
    )
    y = table.y.astype(object)
    for t, kind in enumerate(table.kinds):
        if kind != "regression":
            y[:, t] = table.y[:, t].astype(int)
    import pandas as pd

    frame = pd.DataFrame(y, columns=list(table.task_names)).infer_objects()
    start = time.process_time()
    model.fit(table.frame(split.train), frame.iloc[split.train])
    seconds = time.process_time() - start
    X = table.frame(split.test)
    values, chances = model.predict(X), model.predict_proba(X)
    outputs = [
        values[:, t].astype(float) if chances[t] is None else chances[t]
        for t in range(len(table.kinds))
    ]
    skills = [skill(table, t, split, output) for t, output in enumerate(outputs)]
    epochs = model.history_.get("gramian", [""])
    return {"skills": skills, "seconds": seconds, "gramian": str(epochs[0])}


def collect(args: argparse.Namespace) -> dict[tuple[str, str], list[dict]]:
    """Return the records of each method and set, seed by seed."""
    records: dict[tuple[str, str], list[dict]] = {}
    for seed in range(args.seeds):
        for set_name in args.sets:
            table = load_table(set_name, str(args.data_dir))
            for name in args.methods:
                what = {"set": set_name, "seed": seed, "method": name}
                key = cache.key_of(what)
                record = cache.load(args.cache_dir, key)
                if record is None:
                    record = {**what, **measure(table, seed, name)}
                    cache.store(args.cache_dir, key, record)
                records.setdefault((name, set_name), []).append(record)
    return records


def mean_skills(records: list[dict]) -> np.ndarray:
    """Return the mean skill over tasks of each seed."""
    return np.array([np.mean(record["skills"]) for record in records])


def summarise(records: dict[tuple[str, str], list[dict]]) -> list[dict]:
    """Return one row per method and set."""
    rows = []
    for (name, set_name), found in records.items():
        base = records[BASE, set_name]
        gain = 100 * (mean_skills(found) - mean_skills(base))
        interval = corrected_interval(gain, N_TEST_PER_TRAIN)
        seconds = [
            r["seconds"] / b["seconds"] for r, b in zip(found, base, strict=True)
        ]
        rows.append(
            {
                "method": name,
                "set": set_name,
                "skill": float(mean_skills(found).mean()),
                "gain": interval.mean,
                "low": interval.low,
                "high": interval.high,
                "seconds": float(np.median(seconds)),
                "gramian": found[0]["gramian"],
            }
        )
    return rows


def print_rows(rows: list[dict], sets: list[str]) -> None:
    """Print one line per method: gain and interval on each set, mean of both ends."""
    width = max(len(row["method"]) for row in rows)
    print(f"\n{'':{width}}" + "".join(f"  {name:>26}" for name in sets))
    by_place = {(row["method"], row["set"]): row for row in rows}
    for name in dict.fromkeys(row["method"] for row in rows):
        cells = []
        for set_name in sets:
            row = by_place[name, set_name]
            if name == BASE:
                cells.append(f"skill {row['skill']:.3f}")
                continue
            ends = f"[{row['low']:+.2f}, {row['high']:+.2f}]"
            cells.append(f"{row['gain']:+.2f} {ends} {row['seconds']:.2f}x")
        print(f"{name:{width}}" + "".join(f"  {cell:>26}" for cell in cells))


def main() -> None:
    """Fit missing results, print the table, and write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data-dir", type=Path, default=HERE.parents[1] / "shared" / "data")
    add("--sets", nargs="+", default=list(SETS))
    add("--methods", nargs="+", choices=NAMES, default=NAMES)
    add("--seeds", type=int, default=5)
    add("--cache-dir", type=Path, default=HERE / "results" / "methods")
    add("--json", type=Path, help="write what was measured, and how, to this file")
    args = parser.parse_args()
    if not args.data_dir.is_dir():
        print(f"Skipped: folder {args.data_dir} does not exist; set --data-dir.")
        return
    args.methods = [BASE, *(name for name in args.methods if name != BASE)]
    torch.set_num_threads(1)
    records = collect(args)
    rows = summarise(records)
    print_rows(rows, args.sets)
    flat = [record for found in records.values() for record in found]
    record(args.json, {"rows": rows, "records": flat})


if __name__ == "__main__":
    main()
