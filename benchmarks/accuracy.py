r"""Accuracy on twelve real tables: net and blend, compared with one model per task.

All models are compared on the same random 70/30 splits with at most 3000 training
samples (a group of samples stays on one side):

- per task: a linear model, a random forest, histogram gradient boosting, LightGBM,
  XGBoost, a multilayer perceptron, a stack of the first three, extremely randomised
  trees, CatBoost, RealMLP and TabM, each with the defaults of its library (with
  `--tuned` also after 30 trials of random search, if they have a search space);
- all tasks together, where possible: boosting by CatBoost and XGBoost, and an ensemble
  of chains of forests in random orders (scikit-learn);
- our net with its defaults, its twin (the same net per task), the blend, and one net
  distilled from the blend.

L is the mean over kinds of errors of ln(error / smallest error of linear, forest,
histogram boosting and LightGBM for that kind and seed). Errors are 1 - AUC of binary
tasks, 1 - accuracy and log-loss of multiclass tasks, and RMSE relative to the mean for
regressions. The best of the four models is chosen on the test samples; 0 equals its
error. Costs are CPU seconds of fit in one thread. L is also printed with CatBoost as a
fifth reference model, and with the accuracy of binary tasks.

CatBoost (`catboost`), RealMLP and TabM (`pytabkit`) are skipped if their package is not
installed. They can be installed in a separate folder:

    pip install --target PEERS catboost six graphviz python-dateutil
    PYTHONPATH=PEERS python -m benchmarks.accuracy --short --out FILE

`--short` takes less than two hours on one core: two seeds, at most 1500 training
samples, and no model that takes longer than all others together.

    python benchmarks/accuracy.py --data-dir DIR --jobs 16 --out FILE
    python benchmarks/accuracy.py --models net --select \
        --ablate "flat=dropout:0" "wide=hidden_layer_sizes:(256,256),lr:0.001" \
        "quantiles=numeric_embedding:PiecewiseLinear(n_splits=0)"

Use `--select` to choose between variants: it scores on held-out parts of the training
samples, never on test samples. Results are stored in a folder, so a second run computes
only new results. `--load` reads them from the FILE of another machine.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from joblib import Parallel, delayed
from tqdm import tqdm

from benchmarks._accuracy import cache
from benchmarks._accuracy.jobs import Job, join_tasks, run_job
from benchmarks._accuracy.names import OURS, PEERS, SHARED, SHORT, STACKED
from benchmarks._accuracy.ours import why_not
from benchmarks._accuracy.report import as_json, make_report, print_report
from benchmarks._accuracy.search import has_space
from benchmarks._accuracy.shared_peers import why_not_shared
from benchmarks._accuracy.tables import MAX_TRAIN, SETS, load_table
from benchmarks._accuracy.variants import parse_variant
from benchmarks._figures import record

HERE = Path(__file__).resolve().parent


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data-dir", type=Path, default=HERE.parents[1] / "shared" / "data")
    add("--sets", nargs="+", choices=SETS, default=list(SETS))
    add("--models", nargs="+", choices=OURS + PEERS, default=list(OURS + PEERS))
    add("--seeds", type=int, default=5, help="number of splits (default 5)")
    add("--max-train", type=int, default=MAX_TRAIN, help="training samples (maximum)")
    add("--short", action="store_true", help="two seeds, fewer samples and models")
    add("--tuned", action="store_true", help="also tune the other models")
    add("--trials", type=int, default=30, help="trials of each search (default 30)")
    add("--hide", type=float, default=0.8, help="share of hidden labels (net, twin)")
    add("--ablate", nargs="+", default=[], metavar="[MODEL@]NAME=PARAM:VALUE,...")
    add("--select", action="store_true", help="score within the training samples")
    add("--folds", type=int, default=3, help="inner parts of --select (default 3)")
    add("--base", default="net", help="reference of the variants")
    add("--jobs", type=int, default=1, help="processes, each with one thread")
    add(
        "--budget",
        type=float,
        default=float("inf"),
        help="seconds after which no job is started",
    )
    add("--cache-dir", type=Path, default=HERE / "results" / "accuracy")
    add("--load", type=Path, nargs="+", default=[], help="earlier output files")
    add("--out", type=Path, help="write records and tables as JSON")
    add("--json", type=Path, help="write the tables, and how, to this file")
    args = parser.parse_args()
    if args.short:
        args.seeds, args.max_train, args.budget = 2, 1500, 6600.0
        args.hide, args.models = 0, list(SHORT)
    return args


def list_jobs(args: argparse.Namespace, models: list[str]) -> Iterator[Job]:
    """Yield all measurements except those of the tuned stack."""
    folds = [(i, args.folds) for i in range(args.folds)] if args.select else [None]
    variants = [parse_variant(text) for text in args.ablate]
    tables = {name: load_table(name, str(args.data_dir)) for name in args.sets}
    for seed in range(args.seeds):
        for name in args.sets:
            for fold in folds:
                place = {"set_name": name, "seed": seed, "fold": fold}
                place["max_train"] = args.max_train
                for model in models:
                    if model in SHARED and why_not_shared(model, tables[name]):
                        continue
                    yield Job(model=model, label=model, **place)
                    is_net = model in ("net", "twin")
                    if is_net and args.hide and not args.select and "twin" in models:
                        yield Job(model=model, label=model, hide=args.hide, **place)
                    if args.tuned and has_space(model):
                        yield from search_jobs(args, model, place)
                for model, label, chosen in variants:
                    yield Job(model=model, label=label, chosen=chosen, **place)


def search_jobs(args: argparse.Namespace, model: str, place: dict) -> Iterator[Job]:
    """Yield the searches of another model, one per task."""
    n_tasks = len(load_table(place["set_name"], str(args.data_dir)).kinds)
    label = f"{model}_tuned"
    for task in range(n_tasks):
        yield Job(model=model, label=label, n_trials=args.trials, task=task, **place)


def tuned_stacks(args: argparse.Namespace, records: list[dict]) -> Iterator[Job]:
    """Yield stacks of members with the parameters that their own search found."""
    found: dict[tuple, dict] = {}
    for r in join_tasks(records):
        if r["n_trials"] and r["model"] in STACKED:
            place = (r["set"], r["seed"], r["fold"] and tuple(r["fold"]))
            found.setdefault(place, {})[r["model"]] = r["chosen"]
    for (name, seed, fold), members in found.items():
        if len(members) < len(STACKED):
            continue
        table = load_table(name, str(args.data_dir))
        for task, task_name in enumerate(table.task_names):
            chosen = {
                task_name: {m: by_task[task_name] for m, by_task in members.items()}
            }
            job = Job(name, seed, "stacking", "stacking_tuned", fold, chosen=chosen)
            job = replace(job, max_train=args.max_train)
            yield replace(job, task=task)


def run(jobs: list[Job], args: argparse.Namespace, deadline: float) -> list[dict]:
    """Measure, the longest of each seed first, and return the records."""
    digests = {
        "peers": cache.library_digest(),
        "optional": cache.library_digest(cache.OPTIONAL),
        "nets": cache.code_digest(is_net=True),
        "ours": cache.code_digest(),
    }
    jobs = sorted(jobs, key=lambda job: (job.seed, -job.cost()))
    where = str(args.data_dir), str(args.cache_dir), digests, deadline
    parallel = Parallel(args.jobs, return_as="generator_unordered")
    results = parallel(delayed(run_job)(job, *where) for job in jobs)
    records = list(tqdm(results, total=len(jobs), disable=None, unit="job"))
    n_late = records.count(None)
    if n_late:
        print(f"{n_late} of {len(jobs)} jobs were not started within the budget.")
    return [record for record in records if record is not None]


def main() -> None:
    """Run the benchmark, print the tables, and write the file."""
    args = parse_arguments()
    if not args.data_dir.is_dir():
        print(f"Skipped: folder {args.data_dir} does not exist; set --data-dir.")
        return
    for file in args.load:
        for found in json.loads(file.read_text())["records"]:
            cache.store(args.cache_dir, found["key"], found)
    reasons = {model: why_not(model) for model in args.models}
    for model, reason in reasons.items():
        if reason:
            print(f"{model} is skipped: {reason}.")
    models = [model for model, reason in reasons.items() if not reason]
    deadline = time.time() + args.budget
    records = run(list(list_jobs(args, models)), args, deadline)
    if args.tuned and "stacking" in models:
        records += run(list(tuned_stacks(args, records)), args, deadline)
    tables = make_report(join_tasks(records), args.base)
    print_report(tables)
    record(args.json, as_json(tables))
    if args.out:
        about = {
            "arguments": {k: str(v) for k, v in vars(args).items()},
            "code": cache.code_digest(),
            "libraries": cache.library_versions(),
            "machine": platform.processor() or platform.machine(),
            "python": platform.python_version(),
        }
        content = {"about": about, "records": records, "tables": as_json(tables)}
        args.out.write_text(json.dumps(content, indent=1, default=str))


if __name__ == "__main__":
    main()
