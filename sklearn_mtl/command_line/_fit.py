"""Command `fit`: fit a model to all rows of a table and save it."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Callable
from typing import Any

from sklearn_mtl.command_line._data_options import (
    add_data_options,
    check_outputs,
)
from sklearn_mtl.command_line._facts import Facts, add_facts, describe_tasks
from sklearn_mtl.command_line._program import program
from sklearn_mtl.command_line._read_table import (
    CommandTable,
    choose_inputs,
    read_table,
)
from sklearn_mtl.command_line._settings import check_settings
from sklearn_mtl.utils._optional import import_optional, is_installed
from sklearn_mtl.utils._pipelines import fitted_model

__all__ = ["add_command"]

_AUTO, _AUTO_FOLDS = "auto", 3
# This many rows are usually enough to choose a model, and take a few minutes.
_AUTO_ROWS = 4000
# saving its trees, which are compiled objects of scikit-learn, requires skops
_NEEDS_SKOPS = "boosting"
_EPILOG = """\
The model is fitted to all rows. --model auto first compares the models on 3 folds, for
large tables on a sample of 4000 rows, and fits the recommended one. The comparison
takes as long as `sklearn-mtl compare --cv 3`. On most tables the blend is the most
accurate model.

examples:
  sklearn-mtl fit pupils.csv --targets grade dropout -o pupils.mtl
  sklearn-mtl fit pupils.csv --targets grade dropout --model blend -o pupils.mtl
  sklearn-mtl predict pupils.mtl new_pupils.csv -o predictions.csv
"""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    fit = commands.add_parser(
        "fit",
        help="fit a model to a table and save it",
        description="Fit one model to all targets of a table and save it to a file.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = fit.add_argument_group("data")
    data.add_argument("table", help="CSV, Excel, Parquet or Arrow file")
    add_data_options(data)
    model = fit.add_argument_group("model")
    model.add_argument(
        "--model",
        default=_AUTO,
        metavar="NAME",
        help="auto, or the name of a model: blend, net, shared-linear, linear, forest "
        "or boosting (default: %(default)s)",
    )
    model.add_argument(
        "--seed", type=int, default=0, help="random seed (default: %(default)s)"
    )
    model.add_argument(
        "--n-jobs",
        type=int,
        default=-1,
        help="number of fits that --model auto runs in parallel (default: one per "
        "core)",
    )
    model.add_argument(
        "--compare-rows",
        type=int,
        default=_AUTO_ROWS,
        metavar="N",
        help="number of rows on which --model auto compares the models; 0 uses all "
        "rows (default: %(default)s)",
    )
    model.add_argument(
        "--cache-dir",
        metavar="DIR",
        help="folder that keeps finished fits of --model auto, so that an interrupted "
        "run can be resumed",
    )
    output = fit.add_argument_group("output")
    output.add_argument(
        "-o",
        "--output",
        default="model.mtl",
        metavar="FILE",
        help="file for the saved model (default: %(default)s)",
    )
    fit.set_defaults(work=_work)


def _work(options: argparse.Namespace) -> Callable[[], int]:
    """Fit and save the model; return a function that prints the result."""
    check_settings(options)
    check_outputs({"--output": options.output}, table=options.table)
    if options.model == _NEEDS_SKOPS:
        import_optional("skops", extra="save", who=f"--model {options.model}")
    _check_name(options.model)
    table = read_table(options)
    # the estimators encode free text, as in a comparison
    inputs = choose_inputs(table, text="passthrough")
    X = inputs.transform(table.data)
    facts = Facts.of(table, inputs, X, options.line)
    estimator = _choose(options, table, X, facts)
    _fit(facts.model, estimator, table, X)
    from sklearn.pipeline import Pipeline

    from sklearn_mtl.persistence import save

    model = Pipeline([("inputs", inputs), ("model", estimator)])
    add_facts(model, table.target, facts)
    save(model, options.output)
    tasks = fitted_model(model).task_set_.tasks
    return lambda: _show(describe_tasks(tasks, facts), options.output)


def _check_name(name: str) -> None:
    """Raise if the model is unknown, before the table is read."""
    from sklearn_mtl.comparison import MODELS, twin_name
    from sklearn_mtl.utils._guesses import with_guesses

    known = [_AUTO, *MODELS]
    if name.removesuffix(twin_name("")) not in known:
        raise ValueError(
            f"--model: unknown model {with_guesses([name], known)}. Known models: "
            f"{', '.join(known)}."
        )


def _choose(
    options: argparse.Namespace, table: CommandTable, X: Any, facts: Facts
) -> Any:
    """Return the unfitted estimator of the given name, or the recommended one."""
    from sklearn_mtl.comparison import make_estimator

    if options.model == _AUTO:
        return _recommended(options, table, X, facts)
    facts.model = options.model
    return make_estimator(
        options.model,
        X,
        table.target,
        task_types=table.task_types,
        random_state=options.seed,
    )


def _recommended(
    options: argparse.Namespace, table: CommandTable, X: Any, facts: Facts
) -> Any:
    """Return the unfitted estimator that a comparison recommends; store its scores."""
    from sklearn_mtl.comparison import compare

    X, y, groups = _sample(options, table, X)
    comparison = compare(
        X,
        y,
        _models_to_compare(),
        cv=_AUTO_FOLDS,
        task_types=table.task_types,
        groups=groups,
        n_jobs=options.n_jobs,
        random_state=options.seed,
        verbose=True,
        cache_dir=options.cache_dir,
    )
    name = comparison.recommended
    if name is None:
        raise ValueError(
            "--model auto: no model could be fitted and scored on every fold, so none "
            "is recommended. Run sklearn-mtl compare to see the errors, or choose a "
            "model by --model NAME."
        )
    _say(f"auto: {comparison.verdict.splitlines()[0]}")
    facts.model = name
    facts.take_scores(comparison, name)
    return comparison.best_estimator(name)


def _sample(options: argparse.Namespace, table: CommandTable, X: Any) -> list[Any]:
    """Return inputs, targets and groups of the rows for the comparison."""
    from sklearn_mtl.model_selection import train_test_split

    given, n_rows = [X, table.target, table.groups], options.compare_rows
    if not 0 < n_rows < len(X):
        return given
    _say(
        f"auto: comparing the models on a stratified sample of {n_rows} of {len(X)} "
        "rows (--compare-rows 0 uses all rows)"
    )
    known = [one for one in given if one is not None]
    parts = train_test_split(
        *known, train_size=n_rows, random_state=options.seed, groups=table.groups
    )
    return [*parts[::2], *[None] * (len(given) - len(known))]


def _models_to_compare() -> list[str]:
    """Return the models that can be saved with the installed packages."""
    from sklearn_mtl.comparison import MODELS

    names = list(MODELS)
    if not is_installed("skops"):
        names.remove(_NEEDS_SKOPS)
        _say("auto: without boosting; to include it: pip install 'sklearn-mtl[save]'")
    return names


def _fit(name: str, estimator: Any, table: CommandTable, X: Any) -> None:
    """Fit the estimator and print the time to stderr."""
    from sklearn_mtl.utils._fit_params import fit_params_for

    params = fit_params_for(estimator, {"groups": table.groups}, "fit")
    _say(f"fitting {name} to {len(X)} rows ...")
    start = time.perf_counter()
    estimator.fit(X, table.target, **params)
    _say(f"fitted in {time.perf_counter() - start:.1f} s")


def _show(tasks: str, path: str) -> int:
    print(tasks)
    print(f"\nSaved: {path}")
    print(
        f"Next:  {program()} predict {shlex.quote(path)} NEW_TABLE -o predictions.csv"
    )
    return 0


def _say(line: str) -> None:
    print(f"sklearn-mtl: {line}", file=sys.stderr, flush=True)
