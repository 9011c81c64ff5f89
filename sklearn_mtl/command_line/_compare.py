"""Command `compare`: compare multi-task and single-task models on a table."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sklearn_mtl.command_line._data_options import (
    add_data_options,
    by_name,
    check_outputs,
    refuse_without_table,
)
from sklearn_mtl.command_line._program import program
from sklearn_mtl.command_line._read_table import (
    CommandTable,
    choose_inputs,
    describe,
    read_table,
)
from sklearn_mtl.command_line._settings import check_settings
from sklearn_mtl.command_line._what_next import what_next
from sklearn_mtl.utils._optional import check_report

if TYPE_CHECKING:
    from sklearn_mtl.comparison import Comparison

__all__ = ["add_command"]

_MIN_WIDTH, _MAX_WIDTH = 80, 120
_BUILT_IN_ROWS = 500  # takes about 90 seconds of CPU time
_BUILT_IN_HIDDEN = 0.3
_FOLDS, _BUILT_IN_FOLDS = 5, 3
_EPILOG = """\
Without a table, the models are compared on built-in images of digits at random places,
sizes and rotations (4 tasks, 30 % of the labels hidden from training). The net and the
blend then have a convolutional trunk. Each model that learns the tasks together is
compared with its twin, which is the same estimator fitted separately to each task, and
with every single-task model. The blend, which takes longest to fit, has no twin.

examples:
  sklearn-mtl compare
  sklearn-mtl compare pupils.csv --targets grade dropout --group school --cv 5
  sklearn-mtl compare assays.parquet --targets a b c --scoring binary=average_precision
"""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    compare = commands.add_parser(
        "compare",
        help="compare multi-task and single-task models",
        description="Compare models and measure whether learning several targets "
        "together helps.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_table(compare.add_argument_group("data"))
    _add_model_options(compare.add_argument_group("comparison"))
    _add_output_options(compare.add_argument_group("output"))
    compare.set_defaults(work=_work)


def _work(options: argparse.Namespace) -> Callable[[], int]:
    """Run the comparison; return a function that prints it and returns the code."""
    comparison, affinity = _compare(options)
    comparison.setting |= {"command": options.line, "program": program()}
    return lambda: _show(comparison, affinity, options)


def _add_table(group: Any) -> None:
    group.add_argument("table", nargs="?", help="CSV, Excel, Parquet or Arrow file")
    add_data_options(group)
    group.add_argument(
        "--missing-fraction",
        type=float,
        metavar="F",
        help="fraction of the labels to hide from training, to simulate scarce labels "
        f"(default: 0; {_BUILT_IN_HIDDEN} for the built-in data)",
    )


def _add_model_options(group: Any) -> None:
    group.add_argument(
        "--models", nargs="+", metavar="NAME", help="models to compare (default: all)"
    )
    group.add_argument(
        "--scoring",
        nargs="+",
        metavar="[TARGET=]METRIC",
        help="metric for all targets, for one target, or for one kind of target "
        "(binary, multiclass, classification, regression)",
    )
    group.add_argument(
        "--cv",
        type=int,
        help=f"number of folds (default: {_FOLDS}; {_BUILT_IN_FOLDS} for the built-in "
        "data)",
    )
    group.add_argument(
        "--repeats",
        type=int,
        default=1,
        help="number of repetitions of the cross-validation (default: %(default)s)",
    )
    group.add_argument(
        "--learning-curve",
        nargs="+",
        type=float,
        metavar="F",
        help="also fit to these fractions of the labels, such as 0.1 0.3",
    )
    group.add_argument(
        "--cache-dir",
        metavar="DIR",
        help="folder that keeps finished fits, so that an interrupted run can be "
        "resumed",
    )
    group.add_argument(
        "--seed", type=int, default=0, help="random seed (default: %(default)s)"
    )
    group.add_argument(
        "--n-jobs",
        type=int,
        default=-1,
        help="number of fits that run in parallel (default: one per core)",
    )


def _add_output_options(group: Any) -> None:
    group.add_argument("--json", metavar="FILE", help="write all numbers as JSON")
    group.add_argument("--report", metavar="FILE", help="write an HTML report")


def _compare(options: argparse.Namespace) -> tuple[Comparison, Any]:
    """Return the comparison, and the association between labels for the report."""
    check_settings(options)
    outputs = {"--json": options.json, "--report": options.report}
    check_outputs(outputs, table=options.table)
    if options.report is not None:
        check_report("--report")
    is_built_in = options.table is None
    table = _built_in(options) if is_built_in else read_table(options)
    # compare fits the encoding of free text on each training set
    inputs = None if is_built_in else choose_inputs(table, text="passthrough")
    X = table.data if inputs is None else inputs.transform(table.data)
    hidden = options.missing_fraction
    if hidden is None:
        hidden = _BUILT_IN_HIDDEN if is_built_in else 0.0
    folds = options.cv
    if folds is None:
        folds = _BUILT_IN_FOLDS if is_built_in else _FOLDS
    from sklearn_mtl.comparison import compare  # imports all models

    comparison = compare(
        X,
        table.target,
        options.models,
        cv=folds,
        n_repeats=options.repeats,
        scoring=by_name(options.scoring, "--scoring", can_be_list=False),
        task_types=table.task_types,
        groups=table.groups,
        missing_fraction=hidden,
        learning_curve=options.learning_curve,
        trunk=table.trunk if is_built_in else None,
        cache_dir=options.cache_dir,
        n_jobs=options.n_jobs,
        random_state=options.seed,
        verbose=True,
    )
    if inputs is not None:
        comparison.setting["inputs"] = describe(inputs)
        comparison.setting |= what_next(options, table, inputs)
    if options.report is None or table.target.shape[1] < 2:
        return comparison, None
    from sklearn_mtl.inspection import task_affinity

    return comparison, task_affinity(None, X, table.target, method="label")


def _built_in(options: argparse.Namespace) -> CommandTable:
    from sklearn_mtl.datasets import load_digit_scenes
    from sklearn_mtl.modules import Conv

    refuse_without_table(options)
    scenes = load_digit_scenes(
        _BUILT_IN_ROWS, missing_fraction=0.0, random_state=options.seed, as_frame=True
    )
    # Nets need pixels in the unit range. The trunk is the one of the example gallery,
    # so that it is not tuned on the scores shown here. No groups are needed, because
    # every image shows another digit.
    trunk = Conv(
        (1, *scenes.images.shape[1:]), (16, 32), hidden=64, normalization="batch"
    )
    return CommandTable(scenes.data / 16, scenes.target, trunk=trunk)


def _show(comparison: Comparison, affinity: Any, options: argparse.Namespace) -> int:
    columns = shutil.get_terminal_size((_MAX_WIDTH, 24)).columns
    print(comparison.to_text(min(max(columns, _MIN_WIDTH), _MAX_WIDTH)))
    if options.json is not None:
        comparison.to_json(options.json)
    if options.report is not None:
        comparison.to_html(options.report, affinity=affinity)
        print(f"\nReport: {options.report}")
    is_any = any(comparison.n_scored(model.name) for model in comparison.models)
    return 0 if is_any else 1
