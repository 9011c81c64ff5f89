"""The command `compare`: does learning my tasks together help?

It reads arguments and a table, and calls `comparison.compare`; what it prints and
writes are views of the Comparison.
"""

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
_BUILT_IN_ROWS = 500  # what 90 seconds of a processor allow
_BUILT_IN_HIDDEN = 0.3
_FOLDS, _BUILT_IN_FOLDS = 5, 3
_EPILOG = """\
Without a table: pictures of digits at random places, sizes and rotations (4 tasks,
30 % of the labels hidden from training), where the net and the blend have a
convolutional trunk. Each model that learns the tasks together is compared with its
twin, the same estimator once per task, and with every single-task model; the blend,
which takes longest to fit, with the single-task models alone.

examples:
  sklearn-mtl compare
  sklearn-mtl compare pupils.csv --targets grade dropout --group school --cv 5
  sklearn-mtl compare assays.parquet --targets a b c --scoring binary=average_precision
"""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    compare = commands.add_parser(
        "compare",
        help="does learning the tasks together help?",
        description="Find out whether learning several targets together helps.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_table(compare.add_argument_group("data"))
    _add_model_options(compare.add_argument_group("comparison"))
    _add_output_options(compare.add_argument_group("output"))
    compare.set_defaults(work=_work)


def _work(options: argparse.Namespace) -> Callable[[], int]:
    """Do the work; return what shows it, and the exit code with it."""
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
        help="share of the labels that is hidden from training, to see what scarce "
        f"labels do (default: 0; {_BUILT_IN_HIDDEN} for the built-in data)",
    )


def _add_model_options(group: Any) -> None:
    group.add_argument(
        "--models", nargs="+", metavar="NAME", help="rows to compare (default: all)"
    )
    group.add_argument(
        "--scoring",
        nargs="+",
        metavar="[TARGET=]METRIC",
        help="metric for all targets, or by target or kind (binary, multiclass, "
        "classification, regression)",
    )
    group.add_argument(
        "--cv",
        type=int,
        help=f"folds (default: {_FOLDS}; {_BUILT_IN_FOLDS} for the built-in data)",
    )
    group.add_argument(
        "--repeats", type=int, default=1, help="how often the folds are drawn anew"
    )
    group.add_argument(
        "--learning-curve",
        nargs="+",
        type=float,
        metavar="F",
        help="also measure with these shares of the labels, such as 0.1 0.3",
    )
    group.add_argument(
        "--cache-dir",
        metavar="DIR",
        help="keep finished fits there, so that an interrupted run can go on",
    )
    group.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    group.add_argument(
        "--n-jobs", type=int, default=-1, help="fits at a time (default: all cores)"
    )


def _add_output_options(group: Any) -> None:
    group.add_argument("--json", metavar="FILE", help="write all numbers")
    group.add_argument("--report", metavar="FILE", help="write a page (HTML)")


def _compare(options: argparse.Namespace) -> tuple[Comparison, Any]:
    """Read the table and compare; what cannot be done raises."""
    check_settings(options)
    # The page also shows how the labels of the tasks are associated, which costs
    # little.
    outputs = {"--json": options.json, "--report": options.report}
    check_outputs(outputs, table=options.table)
    if options.report is not None:
        check_report("--report")
    is_built_in = options.table is None
    table = _built_in(options) if is_built_in else read_table(options)
    # compare encodes free text itself, in each training part
    inputs = None if is_built_in else choose_inputs(table, text="passthrough")
    X = table.data if inputs is None else inputs.transform(table.data)
    hidden = options.missing_fraction
    if hidden is None:
        hidden = _BUILT_IN_HIDDEN if is_built_in else 0.0
    folds = options.cv
    if folds is None:
        folds = _BUILT_IN_FOLDS if is_built_in else _FOLDS
    from sklearn_mtl.comparison import compare  # loads what the models need

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
    # Nets take pixels in the unit range; trees and scalers do not care.
    # The trunk is that of the gallery for these pictures, so that nothing is chosen by
    # the scores that are shown. Every picture shows another digit: no groups.
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
