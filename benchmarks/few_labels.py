"""Effect of learning a task with few labels together with tasks that have many.

    python -m benchmarks.few_labels [--sets ...] [--labels 30 100 300] [--seeds 3]
                                    [--rows ...] [--members N] [--all-few] [--jobs 2]
                                    [--max-train 3000]
    python -m benchmarks.few_labels --select --members 2 --seeds 1 --sets ml_yeast ...

On real tables (70/30 splits, at most 3000 training samples, groups on one side), each
of at most four tasks, drawn with seed 0, keeps 30, 100 or 300 of its labels, with at
least two of each class. The other tasks keep all of their labels; with `--all-few`, all
tasks keep only so few.

The compared models (`--rows`) are our net with task weights (N_t / mean N)^a for
several a, scaled to a mean of 1; the default net (`net`); the blend; the blend without
its second stage (`unstacked`); the twin (the net per task); and per task a linear
model, a random forest and LightGBM. `--members` is the number of members of every net,
including that of the blend.

The rival of a set and size is the model per task (linear, forest, LightGBM) that is
best on average over the tasks and seeds of the set, chosen on the scored samples. The
following is printed for each size:

- the mean over tasks and seeds of ln(error / error of the rival), with the errors of
  benchmarks/accuracy.py (1 - AUC; 1 - accuracy and log-loss of several classes; RMSE
  relative to the mean);
- the fraction of task x size pairs, averaged over the seeds, with a lower error than
  the rival;
- the mean AUC of the binary tasks with few and with all labels;
- for the tasks with all labels, the mean of ln(error) and of the error, minus those of
  the net with equal weights;
- which targets are met.

`--select` scores on a held-out third of the training samples, never on test samples.
The exponent of task_weight="auto" was chosen with it, among five and without tox21.
The weights of the members of a blend for tasks with few labels were chosen on the same
samples (seed 0, two tasks per set, without tox21), among about 20 rules.
"""

from __future__ import annotations

import argparse
import itertools
import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from benchmarks._accuracy import cache
from benchmarks._accuracy.errors import L_KINDS, SMALLEST_ERROR, task_errors
from benchmarks._accuracy.ours import make_ours, outputs
from benchmarks._accuracy.peers import Task, fit_peer, make_peer
from benchmarks._accuracy.tables import (
    MAX_TRAIN,
    Split,
    Table,
    inner_split,
    load_table,
    rng_for,
    split_rows,
)
from benchmarks._few_labels import RIVALS, summarise
from benchmarks._figures import record_printed
from sklearn_mtl.ensemble._members import DEFAULT, DEFAULT_NAMES
from sklearn_mtl.neural_network import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)

HERE = Path(__file__).resolve().parent
SETS = (
    *("ml_emotions", "mtr_wq", "ctg_2task", "adult_3task", "mtr_scm20d", "ml_yeast"),
    *("usps_digit_parity", "tox21"),
)
EXPONENTS = {f"net^{a}": a for a in (0.0, 0.25, 0.5, 0.75, 1.0)}
OURS = ("net", "blend", "unstacked", "twin")
BLENDS = ("blend", "unstacked")
_NETS = {
    "classification": MultiTaskClassifier,
    "regression": MultiTaskRegressor,
    "mixed": MultiTaskMixedEstimator,
}


@dataclass(frozen=True)
class Job:
    """One fit: a model on one set, with some labels of one task (None: of all)."""

    set_name: str
    seed: int
    row: str
    task: int | None
    n_labels: int
    n_members: int | None
    is_select: bool
    max_train: int


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data-dir", type=Path, default=HERE.parents[1] / "shared" / "data")
    add("--sets", nargs="+", choices=SETS, default=list(SETS))
    add("--labels", type=int, nargs="+", default=[30, 100, 300])
    add("--seeds", type=int, default=3)
    add("--tasks", type=int, default=4, help="tasks per set with few labels, in turn")
    known = [*EXPONENTS, *OURS, *RIVALS]
    add("--rows", nargs="+", choices=known, default=["net^0.0", *OURS, *RIVALS])
    add("--members", type=int, help="members of each net (default: net's default)")
    add("--max-train", type=int, default=MAX_TRAIN, help="training samples (maximum)")
    add("--all-few", action="store_true", help="few labels for all tasks of a set")
    add("--select", action="store_true", help="score within the training samples")
    add("--jobs", type=int, default=1, help="processes, each with one thread")
    add("--cache-dir", type=Path, default=HERE / "results" / "few_labels")
    add("--json", type=Path, help="write what was measured, and how, to this file")
    return parser.parse_args()


def list_jobs(args: argparse.Namespace) -> Iterator[Job]:
    """Yield all fits, seed by seed."""
    places = itertools.product(range(args.seeds), args.sets, args.labels)
    for seed, name, size in places:
        n_tasks = len(load_table(name, str(args.data_dir)).kinds)
        drawn = rng_for(name, 0).permutation(n_tasks)[: args.tasks].tolist()
        for row in args.rows:
            for task in [None] if args.all_few else drawn:
                yield Job(
                    *(name, seed, row, task, size, args.members),
                    *(args.select, args.max_train),
                )


def cut_labels(y: np.ndarray, kind: str, n: int, rng: np.random.Generator) -> None:
    """Keep n labels of one task, at least two of each class; y changes in place."""
    seen = rng.permutation(np.flatnonzero(~np.isnan(y)))
    first = []
    if kind != "regression":
        for code in np.unique(y[seen]):
            first += np.flatnonzero(y[seen] == code)[:2].tolist()
    rest = np.setdiff1d(np.arange(len(seen)), first)
    kept = seen[[*first, *rest[: max(n - len(first), 0)]]]
    few = np.full(len(y), np.nan)
    few[kept] = y[kept]
    y[:] = few


def digest_of(row: str) -> str:
    """Return a digest of the code on which the results of a row depend."""
    if row in RIVALS:
        return cache.library_digest()
    return cache.code_digest(is_net=row not in BLENDS)


def run_job(job: Job, folder: str, cache_dir: Path, digest: str) -> list[dict]:
    """Return a record for each scored task, from the cache if available."""
    key = cache.key_of(asdict(job) | {"digest": digest})
    record = cache.load(cache_dir, key)
    if record is None:
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore")  # convergence of a peer, rare classes
            record = {"records": measure(job, folder)}
        cache.store(cache_dir, key, record)
    return record["records"]


def measure(job: Job, folder: str) -> list[dict]:
    """Fit and score."""
    table = load_table(job.set_name, folder)
    split = split_rows(table, job.seed, job.max_train)
    if job.is_select:
        split = inner_split(table, split.train, job.seed, (0, 3))
    y = table.y[split.train]
    cut = range(len(table.kinds)) if job.task is None else [job.task]
    for t in cut:
        rng = rng_for(table.name, job.seed, t, job.n_labels)
        cut_labels(y[:, t], table.kinds[t], job.n_labels, rng)
    start = time.process_time()
    found = (
        _peer(job, table, split, y)
        if job.row in RIVALS
        else _ours(job, table, split, y)
    )
    seconds = time.process_time() - start
    return [
        {
            **asdict(job),
            "scored": t,
            "is_few": t in cut,
            "kind": name,
            "error": max(error, SMALLEST_ERROR),
            "seconds": seconds,
        }
        for t, output in found.items()
        for name, error in task_errors(
            table.kinds[t], y[:, t], table.y[split.test, t], output
        ).items()
        if name in L_KINDS
    ]


def _ours(job: Job, table: Table, split: Split, y: np.ndarray) -> dict:
    chosen: dict = {} if job.n_members is None else {"n_members": job.n_members}
    name = job.row
    if job.row in BLENDS:
        chosen, name = {**_members(table, chosen), "stacking": name == "blend"}, "blend"
    if job.row in EXPONENTS:
        counts = (~np.isnan(y)).sum(axis=0)
        weights = np.where(counts > 0, counts, 1) ** EXPONENTS[job.row]
        chosen["task_weight"] = (weights / weights.mean()).tolist()
        name = "net"
    frame = table.frame(split.train)
    if name == "twin" and job.task is not None:  # independent of other tasks
        alone = _one_task(table, job.task)
        model = make_ours("net", alone, job.seed, chosen)
        seen = ~np.isnan(y[:, job.task])
        model.fit(frame[seen], y[seen][:, [job.task]])
        return {job.task: outputs(model, alone, table.frame(split.test))[0]}
    model = make_ours(name, table, job.seed, chosen).fit(frame, y)
    return dict(enumerate(outputs(model, table, table.frame(split.test))))


def _members(table: Table, chosen: dict) -> dict:
    """Return the members of a blend whose net has some parameters."""
    if not chosen:
        return {}
    net = _NETS[table.problem](**chosen)
    rest = [(other, DEFAULT) for other in DEFAULT_NAMES if other != "net"]
    return {"estimators": [("net", net), *rest]}


def _one_task(table: Table, t: int) -> Table:
    return Table(
        table.name,
        table.X,
        table.y[:, [t]],
        (table.kinds[t],),
        (table.n_classes[t],),
        (table.task_names[t],),
        table.categorical,
        table.groups,
    )


def _peer(job: Job, table: Table, split: Split, y: np.ndarray) -> dict:
    out = {}
    for t in range(len(table.kinds)) if job.task is None else [job.task]:
        is_regression = table.kinds[t] == "regression"
        task = Task(is_regression, table.n_classes[t], table.categorical, job.seed)
        seen = ~np.isnan(y[:, t])
        X = table.X[split.train][seen]
        predict = fit_peer(job.row, make_peer(job.row, task, {}), X, y[seen, t], task)
        out[t] = predict(table.X[split.test])
    return out


def main() -> None:
    """Run the benchmark and print the results."""
    args = parse_arguments()
    record_printed(args.json)
    if not args.data_dir.is_dir():
        print(f"Skipped: folder {args.data_dir} does not exist; set --data-dir.")
        return
    jobs = list(list_jobs(args))
    digests = {row: digest_of(row) for row in args.rows}
    parallel = Parallel(args.jobs, return_as="generator_unordered")
    where = str(args.data_dir), args.cache_dir
    results = parallel(delayed(run_job)(job, *where, digests[job.row]) for job in jobs)
    records = [
        r for found in tqdm(results, total=len(jobs), disable=None) for r in found
    ]
    summarise(pd.DataFrame(records), args.rows)


if __name__ == "__main__":
    main()
