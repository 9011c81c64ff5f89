"""Command `inspect`: show tasks, inputs and scores of a saved model."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sklearn_mtl.command_line._facts import describe_tasks
from sklearn_mtl.command_line._read_table import describe
from sklearn_mtl.command_line._saved_model import SavedModel, load_model
from sklearn_mtl.utils._pipelines import fitted_model

__all__ = ["add_command"]

_MOST_INPUTS = 10


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    inspect = commands.add_parser(
        "inspect",
        help="describe a saved model",
        description="Show tasks, inputs, scores and versions of a saved model. No code "
        "in the file is executed.",
    )
    inspect.add_argument("model", help="file written by `sklearn-mtl fit` or save()")
    inspect.set_defaults(work=_work)


def _work(options: argparse.Namespace) -> Callable[[], int]:
    saved = load_model(options.model)
    text = "\n".join(
        [
            *_about(saved, Path(options.model)),
            "",
            describe_tasks(saved.tasks, saved.facts),
        ]
    )
    return lambda: _print(text)


def _about(saved: SavedModel, path: Path) -> list[str]:
    from sklearn_mtl.persistence import read_archive

    facts, manifest = saved.facts, read_archive(path)[0]
    size = path.stat().st_size / 1e6
    kind = type(fitted_model(saved.estimator)).__name__
    versions = [f"{name} {version}" for name, version in manifest["versions"].items()]
    lines = [
        ("file", f"{path} ({size:.3g} MB)"),
        ("model", f"{facts.model} ({kind})" if facts.model else kind),
        ("fitted to", f"{facts.table}, {facts.n_samples} rows" if facts.table else ""),
        ("inputs", _inputs(saved)),
        ("command", facts.command),
        ("saved by", ", ".join(versions)),
    ]
    return [f"{name:<11}{value}" for name, value in lines if value]


def _inputs(saved: SavedModel) -> str:
    if saved.chooser is not None:
        return describe(saved.chooser).removeprefix("inputs: ")
    names = saved.inputs
    more = f", ... {len(names)} columns" if len(names) > _MOST_INPUTS else ""
    return ", ".join(names[:_MOST_INPUTS]) + more


def _print(text: str) -> int:
    print(text)
    return 0
