"""Cross-validated scores of an estimator on subsets of the tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from joblib import Memory
from sklearn.base import clone
from sklearn.utils.metadata_routing import MetadataRequest, get_routing_for_object
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_memory

from sklearn_mtl.inspection._task_data import TaskData
from sklearn_mtl.metrics import label_spreads, metric_of_task, read_metric, score_units
from sklearn_mtl.model_selection import per_task_scorers, stratified_folds
from sklearn_mtl.multioutput import IndependentTasks, for_one_task, for_tasks
from sklearn_mtl.utils._callbacks import FitEvents
from sklearn_mtl.utils._frames import is_frame
from sklearn_mtl.utils._table import take_tasks
from sklearn_mtl.utils._termination import workers_end_with_us
from sklearn_mtl.utils._typing import CrossValidator, Estimator, MetricChoice

__all__ = ["TaskSetScores", "fit_tasks", "make_splits", "read_metrics"]

Split = tuple[np.ndarray, np.ndarray]
Tasks = tuple[int, ...]


def make_splits(data: TaskData, cv: CrossValidator, seed: int) -> list[Split]:
    """Return (train, test) indices; an integer cv is stratified on all tasks."""
    if isinstance(cv, int | np.integer):
        options = {"random_state": seed % 2**32, "task_types": data.types}
        cv = stratified_folds(int(cv), data.group, shuffle=True, **options)
    splits = cv.split(data.X, data.y, data.group) if hasattr(cv, "split") else cv
    return [(np.asarray(train), np.asarray(test)) for train, test in splits]


def fit_tasks(
    estimator: Estimator, data: TaskData, columns: Tasks, who: str = "task_affinity"
) -> Any:
    """Fit a clone of an estimator to some of the tasks."""
    chosen, types = list(columns), data.types
    if len(chosen) == 1:
        kind = types[chosen[0]]
        names = data.task_set.names
        one = _by_own_names(for_one_task(estimator, chosen[0], names, kind))
        model = IndependentTasks(one, task_types=[kind], on_empty_task="warn")
    else:
        model = for_tasks(estimator, chosen, data.task_set.names, types)
    part = data.of_tasks(chosen)
    return model.fit(part.X, part.y, **part.fit_params(model, who))


def _by_own_names(estimator: Estimator) -> Estimator:
    """Return an estimator whose metadata requests have no aliases."""
    # fit_params already resolved the aliases, and IndependentTasks routes once more.
    requests = get_routing_for_object(estimator)
    if not isinstance(requests, MetadataRequest):  # a Pipeline routes by itself
        return estimator
    aliases = {k: True for k, v in requests.fit.requests.items() if isinstance(v, str)}
    return clone(estimator).set_fit_request(**aliases) if aliases else estimator


class TaskSetScores:
    """Cross-validated scores of one estimator on many sets of tasks.

    Scores are stored, so that each set is fitted only once.

    Attributes
    ----------
    n_fits : int
        Number of fits so far.
    events : FitEvents or None
        Callback events, which are notified of each new set.
    units : ndarray of shape (n_tasks,)
        Divisors that make the scores of the tasks comparable.
    """

    def __init__(
        self,
        estimator: Estimator | None,
        data: TaskData,
        splits: Sequence[Split],
        scoring: MetricChoice | None,
        *,
        n_jobs: int | None = None,
        memory: str | Memory | None = None,
        verbose: bool = False,
        who: str = "task_affinity",
    ) -> None:
        self.estimator = estimator
        self.data = data
        self.splits = list(splits)
        self.metrics, self.units = read_metrics(data, scoring, who)
        self.n_jobs = n_jobs
        self.memory = check_memory(memory)
        self.verbose = verbose
        self.who = who
        self.n_fits = 0
        self.events: FitEvents | None = None
        self._known: dict[Tasks, np.ndarray] = {}

    def score(self, sets: Iterable[Tasks]) -> dict[Tasks, np.ndarray]:
        """Return the scores of sets of tasks.

        Shapes: -> (n_splits, n_tasks_of_the_set).
        """
        wanted = list(dict.fromkeys(sets))
        new = [one for one in wanted if one not in self._known]
        jobs = [(one, split) for one in new for split in self.splits]
        self.n_fits += len(jobs)
        compute = self.memory.cache(_score_set)
        done = Parallel(n_jobs=self.n_jobs, return_as="generator")(
            delayed(compute)(
                self.estimator,
                self.data,
                one,
                split,
                [self.metrics[t] for t in one],
                self.who,
            )
            for one, split in jobs
        )
        with workers_end_with_us():
            scores = _with_progress(done, len(jobs), self.verbose, self.who)
            for one in new:
                if self.events is not None:
                    names = ", ".join(self.data.task_set.names[t] for t in one)
                    self.events.begin_part(f"score {names}")
                self._known[one] = np.array([next(scores) for _ in self.splits])
                if self.events is not None:
                    self.events.end_part()
            next(scores, None)  # close the progress bar
        return {one: self._known[one] for one in wanted}


def read_metrics(
    data: TaskData, scoring: MetricChoice | None, who: str
) -> tuple[list[Any], np.ndarray]:
    """Return the metric (a name or a function) and the unit of each task."""
    task_set, metrics = data.task_set, []
    metric = "auto" if scoring is None else scoring
    metric = read_metric(metric, task_set.names, who)
    found = []
    for task in task_set.tasks:
        kind = "regression" if not task.is_classification else "binary"
        kind = "multiclass" if task.n_classes > 2 else kind
        one = metric_of_task(metric, task.name, kind, who)
        per_task_scorers(one.name if one.needs != "any" else one.function)
        found.append(one.function if one.needs == "any" else one.name)
        metrics.append(one)
    periods = [task.period for task in task_set.tasks]
    return found, score_units(metrics, label_spreads(data.codes, periods))


def _score_set(
    estimator: Estimator,
    data: TaskData,
    columns: Tasks,
    split: Split,
    metrics: list[Any],
    who: str,
) -> np.ndarray:
    """Fit a set of tasks on the training samples and score it on the test samples."""
    train, test = split
    model = fit_tasks(estimator, data.take(train), columns, who)
    held_out = data.take(test)
    y = take_tasks(held_out.y, columns)
    is_named = is_frame(y)
    names = [
        data.task_set.names[t] if is_named else f"task{i}"
        for i, t in enumerate(columns)
    ]
    scorer = per_task_scorers(dict(zip(names, metrics, strict=True)), mean=False)
    weights = None if held_out.weights is None else held_out.weights[:, list(columns)]
    scores = scorer(model, held_out.X, y, sample_weight=weights)
    return np.array([scores[name] for name in names])


def _with_progress(done: Any, total: int, verbose: bool, who: str) -> Iterator[Any]:
    from tqdm import tqdm

    # disable=None hides the bar unless stderr is a terminal
    disable = None if verbose else True
    yield from tqdm(done, total=total, desc=who, unit="fit", disable=disable)
