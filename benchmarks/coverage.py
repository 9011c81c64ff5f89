"""Coverage and width of intervals and sets.

    real       on real tables: coverage minus the requested coverage, in points, of
               intervals and sets of each task, and of all tasks of a sample together;
               the largest difference of a task; the mean width relative to the standard
               deviation of the labels, and the mean number of classes in a set. Groups
               of samples stay on one side of the split.
    simulated  the same for simulated regressions.
    mapie      mean width relative to that of MAPIE (method "plus", with the same
               estimator, number of folds and samples) for each task, and of the shared
               net relative to MAPIE with its single-task twin.

    python -m benchmarks.coverage --data-dir DIR
    python -m benchmarks.coverage --parts real --sets mtr_enb --models net --seeds 2

The differences of means over seeds are printed. A task is considered for the largest
difference if it has at least 300 test labels over all seeds.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks._figures import record_printed
from benchmarks._npz import load_npz
from sklearn_mtl import (
    ConformalPredictor,
    IndependentTasks,
    MultiTaskBlendMixedEstimator,
    MultiTaskLinearMixedEstimator,
    MultiTaskLinearRegressor,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.ensemble import MultiTaskForestMixedEstimator
from sklearn_mtl.tasks import stack_tasks

HERE = Path(__file__).resolve().parent
PARTS = ("real", "simulated", "mapie")
SETS = (
    *("mtr_enb", "mtr_atp1d", "mtr_wq", "mtr_scm20d", "student_por_mixed"),
    *("ctg_2task", "ml_emotions", "ml_yeast", "mdc_thyroid", "tox21", "adult_3task"),
    "school_139",
)
MODELS = ("net", "forest", "blend", "linear", "left-out")
PEERS = ("ridge", "forest", "twin")
LEVELS = (0.5, 0.8, 0.9, 0.95)
MANY = 300


@dataclass(frozen=True)
class Data:
    """A table with the types of its tasks."""

    X: np.ndarray
    y: np.ndarray
    types: list[str]
    groups: np.ndarray | None

    def split(self, seed: int, n_train: int, n_test: int) -> tuple[Data, Data]:
        """Return training and test samples; no group is in both."""
        share = min(0.6, n_train / len(self.y))
        splitter = ShuffleSplit if self.groups is None else GroupShuffleSplit
        draw = splitter(1, train_size=share, random_state=seed)
        train, test = next(draw.split(self.X, self.y, self.groups))
        return self.take(train[:n_train]), self.take(test[:n_test])

    def take(self, rows: np.ndarray) -> Data:
        """Return some samples."""
        own = None if self.groups is None else self.groups[rows]
        return Data(self.X[rows], self.y[rows], self.types, own)


def load(path: Path) -> Data:
    """Return a real table; the samples of School belong to one task each."""
    table = load_npz(path)
    X = table.data.astype(np.float64)
    if path.stem == "school_139":
        with np.load(path) as file:
            X, y = stack_tasks(X, table.target[:, 0], file["task_id"])
        return Data(np.asarray(X), np.asarray(y), ["regression"] * y.shape[1], None)
    types = [
        "regression" if t == "regression" else "classification"
        for t in table.task_types
    ]
    return Data(X, table.target, types, table.groups)


def make(model: str, types: list[str], seed: int, n_members: int) -> Any:
    """Return an unfitted estimator with intervals and sets."""
    settings = {"task_types": types, "random_state": seed, "on_empty_task": "warn"}
    net = MultiTaskMixedEstimator(**settings, n_members=n_members)
    if model == "net":
        return net
    if model == "forest":
        return MultiTaskForestMixedEstimator(**settings, n_estimators=100)
    if model == "blend":
        forest = MultiTaskForestMixedEstimator(n_estimators=100)
        members = [("net", net), ("forest", forest), ("linear", "default")]
        return MultiTaskBlendMixedEstimator(members, **settings)
    if model == "left-out":
        return MultiTaskLinearRegressor(store_oof=True, on_empty_task="warn")
    linear = MultiTaskLinearMixedEstimator(task_types=types)
    steps = SimpleImputer(), StandardScaler(), linear
    return ConformalPredictor(make_pipeline(*steps), on_empty_task="warn")


@dataclass
class Counts:
    """Observed and requested coverage of each task and level."""

    held: list[np.ndarray] = field(default_factory=list)  # (n_levels, n_samples, T)
    size: list[np.ndarray] = field(default_factory=list)
    joint: list[np.ndarray] = field(default_factory=list)  # (n_levels, n_samples)

    def add(self, model: Any, test: Data, spread: np.ndarray) -> None:
        """Compare a fitted model with the labels of a test set."""
        held, size, joint = [], [], []
        for level in LEVELS:
            inside, extent = covered(model, test, level, joint=False)
            held.append(inside)
            size.append(np.nanmean(extent, axis=0) / spread)
            together, _ = covered(model, test, level, joint=True)
            complete = ~np.isnan(together).any(axis=1)
            joint.append(together[complete].all(axis=1))
        self.held.append(np.array(held))
        self.size.append(np.array(size))
        self.joint.append(np.array(joint))

    def print(self, name: str, types: list[str]) -> None:
        """Print a line for each kind of task and level."""
        held = np.concatenate(self.held, axis=1)
        size = np.nanmean(self.size, axis=0)
        n_labels = (~np.isnan(held[0])).sum(axis=0)
        together = np.concatenate(self.joint, axis=1)
        for kind in ("regression", "classification"):
            own = np.array([one == kind for one in types])
            own &= n_labels > 0
            if not own.any():
                continue
            for k, level in enumerate(LEVELS):
                apart = 100 * (np.nanmean(held[k][:, own], axis=0) - level)
                many = apart[n_labels[own] >= MANY]
                worst = many[np.abs(many).argmax()] if many.size else np.nan
                line = f"{name:32}{kind[:5]} {level:4} mean {apart.mean():+6.1f}"
                line += f" worst {worst:+6.1f} size {size[k][own].mean():6.2f}"
                if together.shape[1]:
                    line += f" joint {100 * (together[k].mean() - level):+6.1f}"
                print(line, flush=True)


def covered(
    model: Any, test: Data, level: float, *, joint: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return whether labels are covered (NaN: missing), and widths or set sizes.

    Shapes: -> (n_samples, n_tasks).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        interval = model.predict_interval(test.X, level, joint=joint)
        sets = [None] * len(test.types)
        if hasattr(model, "predict_set"):
            sets = model.predict_set(test.X, level, joint=joint)
    codes = model.task_set_.encode(test.y, unseen="wrong")
    inside = (interval[..., 0] <= codes) & (codes <= interval[..., 1])
    held, extent = inside.astype(float), interval[..., 1] - interval[..., 0]
    for t, chosen in enumerate(sets):
        if chosen is None:
            continue
        known = np.maximum(np.nan_to_num(codes[:, t], nan=0.0), 0).astype(int)
        right = np.zeros(len(codes))
        if chosen.shape[1]:
            right = chosen[np.arange(len(codes)), known] & (codes[:, t] >= 0)
        held[:, t], extent[:, t] = right, chosen.sum(axis=1)
    return np.where(np.isnan(codes), np.nan, held), extent


def groups_for(model: str, data: Data) -> dict[str, Any]:
    """Return what fit gets of groups: a linear regression leaves out single samples."""
    return {} if model == "left-out" else {"groups": data.groups}


def spread_of(data: Data) -> np.ndarray:
    """Return the divisors of the widths: 1 for classification tasks."""
    is_number = np.array([one == "regression" for one in data.types])
    return np.where(is_number, np.nanstd(data.y, axis=0), 1.0)


def simulate(n: int, rng: np.random.Generator) -> Data:
    """Draw three regressions with different noise, which grows with two of them."""
    X = rng.normal(size=(n, 6))
    mean = np.stack(
        [X[:, 0] + np.sin(2 * X[:, 1]), X[:, 0] * X[:, 2], X[:, 3] + X[:, 0] / 2], 1
    )
    common = rng.normal(size=(n, 1))
    noise = 0.6 * common + 0.8 * rng.normal(size=(n, 3))
    scale = np.stack([np.exp(mean[:, 0] / 3) / 2, np.full(n, 0.5), np.full(n, 1.0)], 1)
    return Data(X, mean + scale * noise, ["regression"] * 3, None)


def run_real(args: argparse.Namespace) -> None:
    """Print the coverage on real tables."""
    for name in args.sets:
        data = load(args.data_dir / f"{name}.npz")
        for kind in args.models:
            if kind == "left-out" and "classification" in data.types:
                continue  # a regressor
            counts = Counts()
            for seed in range(args.seeds):
                train, test = data.split(seed, args.n_train, args.n_test)
                model = make(kind, data.types, seed, args.members)
                model.fit(train.X, train.y, **groups_for(kind, train))
                counts.add(model, test, spread_of(data))
            counts.print(f"{name} {kind}", data.types)


def run_simulated(args: argparse.Namespace) -> None:
    """Print the coverage on simulated data."""
    for n in args.sizes:
        for kind in args.models:
            counts = Counts()
            # few samples: given the calibration, coverage varies by sqrt(c (1 - c) / n)
            for seed in range(args.seeds * (2000 // n if n < 2000 else 1)):
                rng = np.random.default_rng(seed)
                train, test = simulate(n, rng), simulate(2000, rng)
                model = make(kind, train.types, seed, args.members)
                model.fit(train.X, train.y)
                counts.add(model, test, spread_of(test))
            counts.print(f"n = {n} {kind}", train.types)


def run_mapie(args: argparse.Namespace) -> None:
    """Print widths relative to those of MAPIE on the same estimators."""
    estimators = {
        "ridge": RidgeCV(np.logspace(-3, 3, 7)),
        "forest": RandomForestRegressor(50, min_samples_leaf=2, random_state=0),
        "twin": MultiTaskRegressor(
            n_members=args.members, early_stopping=False, random_state=0
        ),
    }
    estimators = {name: estimators[name] for name in args.peers}
    for name in (one for one in args.sets if one.startswith("mtr_")):
        data = load(args.data_dir / f"{name}.npz")
        ours: dict[tuple[str, float], list] = {}
        for seed in range(args.seeds):
            train, test = data.split(seed, min(args.n_train, 600), args.n_test)
            net = make("net", data.types, seed, args.members)
            if "twin" in args.peers:
                net.fit(train.X, train.y)
            for kind, estimator in estimators.items():
                mine = ConformalPredictor(IndependentTasks(estimator))
                mine.fit(train.X, train.y)
                pairs = [(kind, mine)] + [("net against twin", net)] * (kind == "twin")
                for level, low, high in mapie_intervals(estimator, train, test):
                    theirs = (low <= test.y) & (test.y <= high), high - low
                    for key, model in pairs:
                        own = covered(model, test, level, joint=False)
                        found = ours.setdefault((key, level), [])
                        found.append([*own, *theirs])
        for (key, level), found in ours.items():
            print_widths(f"{name} {key}", level, found)


def mapie_intervals(
    estimator: Any, train: Data, test: Data
) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
    """Yield levels and the ends of MAPIE's intervals (n_samples, n_tasks)."""
    from mapie.regression import CrossConformalRegressor

    ends = []
    for t in range(train.y.shape[1]):
        model = CrossConformalRegressor(
            estimator, confidence_level=list(LEVELS), method="plus", cv=5
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit_conformalize(train.X, train.y[:, t])
            ends.append(model.predict_interval(test.X)[1])
    both = np.stack(ends, axis=1)  # (n_samples, n_tasks, 2, n_levels)
    for k, level in enumerate(LEVELS):
        yield level, both[:, :, 0, k], both[:, :, 1, k]


def print_widths(name: str, level: float, found: list) -> None:
    """Print the coverage of both, and the mean ratio of widths over tasks."""
    mine, width, theirs, other = (
        np.concatenate(part) for part in zip(*found, strict=True)
    )
    ratio = width.mean(axis=0) / other.mean(axis=0)
    apart = [100 * (one.mean(axis=0) - level) for one in (mine, theirs)]
    fair = (np.abs(apart) <= 1).all(axis=0)
    of_fair = f"{ratio[fair].mean():5.2f} ({fair.sum()})" if fair.any() else "   - (0)"
    print(
        f"{name:32}{level:5} coverage {apart[0].mean():+5.1f}, MAPIE "
        f"{apart[1].mean():+5.1f}; width {ratio.mean():5.2f}; where both cover "
        f"within a point {of_fair}",
        flush=True,
    )


def main() -> None:
    """Run the selected parts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data-dir", type=Path, default=HERE.parents[1] / "shared" / "data")
    add("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    add("--sets", nargs="+", choices=SETS, default=list(SETS))
    add("--models", nargs="+", choices=MODELS, default=list(MODELS))
    add("--peers", nargs="+", choices=PEERS, default=list(PEERS), help="of MAPIE")
    add("--sizes", nargs="+", type=int, default=[200, 2000], help="of simulated")
    add("--seeds", type=int, default=5)
    add("--members", type=int, default=8, help="members of nets")
    add("--n-train", type=int, default=3000)
    add("--n-test", type=int, default=3000)
    add("--json", type=Path, help="write what was measured, and how, to this file")
    args = parser.parse_args()
    record_printed(args.json)
    run = {"real": run_real, "simulated": run_simulated, "mapie": run_mapie}
    for part in args.parts:
        print(f"\n{part}")
        run[part](args)


if __name__ == "__main__":
    main()
