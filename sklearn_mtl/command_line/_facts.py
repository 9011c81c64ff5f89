"""Facts about the training of a saved model, which predictions do not need."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sklearn_mtl.command_line._read_table import CommandTable
from sklearn_mtl.tasks import Task
from sklearn_mtl.utils._pipelines import fitted_model

__all__ = ["Facts", "add_facts", "describe_tasks", "label_text", "read_facts"]

#: Attribute of the saved Pipeline, with the facts as a dict.
_KEY = "training_facts_"
_MOST_CLASSES = 6


@dataclass
class Facts:
    """Facts about the training data and the fitted model.

    Attributes
    ----------
    table, command : str
        Name of the table file, and the command line.
    model : str
        Name of the model, as in `compare`.
    n_samples : int
        Number of rows.
    n_labels : dict of str to int
        Number of labels of each task.
    dropped : list of str
        Columns named by --drop or --group.
    identifiers : list of str
        Columns with unique values that are not inputs.
    categories : dict of str to list of str
        Categories of each categorical input.
    scores : dict of str to list
        Name of the metric and held-out score of each task.
    scores_from : str
        Method by which scores were held out, or "" if there are no scores.
    """

    table: str = ""
    command: str = ""
    model: str = ""
    n_samples: int = 0
    n_labels: dict[str, int] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    identifiers: list[str] = field(default_factory=list)
    categories: dict[str, list[str]] = field(default_factory=dict)
    scores: dict[str, list[Any]] = field(default_factory=dict)
    scores_from: str = ""

    @classmethod
    def of(cls, table: CommandTable, inputs: Any, X: Any, line: str) -> Facts:
        """Return the facts about a table, its fitted TableInputs, and the inputs X."""
        texts = [name for name, kind in inputs.kinds_.items() if kind == "categorical"]
        group = [] if table.groups is None else [str(table.groups.name)]
        unique = [name for name, why in inputs.left_out_.items() if "unique" in why]
        return cls(
            table=table.name,
            command=line,
            n_samples=len(X),
            n_labels={name: int(n) for name, n in table.target.notna().sum().items()},
            dropped=[*table.dropped, *group],
            identifiers=unique
            + [name for name, is_id in table.dropped.items() if is_id],
            categories={name: sorted(X[name].dropna().unique()) for name in texts},
        )

    def take_scores(self, comparison: Any, model: str) -> None:
        """Store the scores of a model of a comparison."""
        from sklearn_mtl.comparison import metric_label

        row = comparison.table.loc[model]
        self.scores = {
            task.name: [metric_label(task.metric), float(row[task.name])]
            for task in comparison.tasks
        }
        self.scores_from = f"{comparison.n_splits}-fold cross-validation"


def add_facts(model: Any, y: Any, facts: Facts) -> None:
    """Add the facts to a fitted model, with out-of-fold scores if it has any."""
    last = fitted_model(model)
    oof = None if facts.scores else getattr(last, "oof_prediction_", None)
    if oof is not None:
        facts.scores = _score(last.task_set_.tasks, y, oof)
        facts.scores_from = "out-of-fold predictions"
    setattr(model, _KEY, asdict(facts))


def read_facts(model: Any) -> Facts:
    """Return the facts of a saved model, which are empty for models saved in Python."""
    return Facts(**getattr(model, _KEY, {}))


def _score(tasks: Sequence[Task], y: Any, oof: Any) -> dict[str, list[Any]]:
    """Return metric and score of each task, from one array of predictions per task."""
    from sklearn_mtl.comparison import metric_label
    from sklearn_mtl.metrics import metrics_of_tasks, per_task_score

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # undefined scores are shown as missing
        found = per_task_score(
            y,
            list(oof),
            classes=[task.classes for task in tasks],
            task_types=[task.type for task in tasks],
        )
        metrics = metrics_of_tasks("auto", tasks, [None] * len(tasks), "fit")
    pairs = zip(tasks, metrics, strict=True)
    return {
        task.name: [metric_label(one.name), found[task.name]] for task, one in pairs
    }


def describe_tasks(tasks: Sequence[Task], facts: Facts) -> str:
    """Return a table of the tasks of a fitted model: classes, labels and scores."""
    from sklearn_mtl.comparison import layout, number

    header, align = ["task", "type", "labels", "classes"], "llrl"
    if facts.scores:
        header, align = [*header, "held-out score", ""], f"{align}rl"
    rows = []
    for task in tasks:
        labels = str(facts.n_labels.get(task.name, "-"))
        row = [task.name, task.kind, labels, _classes(task)]
        if facts.scores:
            metric, score = facts.scores[task.name]
            row += [number(score), metric]
        rows.append(row)
    text = layout(header, rows, align)
    source = facts.scores_from or "none; to measure them, run sklearn-mtl compare"
    return f"{text}\nheld-out scores: {source}"


def label_text(label: Any) -> str:
    """Return a label as text, with whole floats as integers."""
    # pandas converts integers to floats if values are missing
    if label is None or label != label:
        return ""  # for tasks without labels
    is_whole = isinstance(label, float) and label.is_integer()
    return str(int(label) if is_whole else label)


def _classes(task: Task) -> str:
    if task.classes is None:
        return "-"
    names = [label_text(label) for label in task.classes]
    more = f", ... {len(names)} classes" if len(names) > _MOST_CLASSES else ""
    return ", ".join(names[:_MOST_CLASSES]) + more
