"""Accuracy of out-of-fold scores as estimates for new groups.

    python -m benchmarks.groups [--splits 5] [--max-train 1000] [--members N]

tox21 is split by scaffold, so no training molecule has the scaffold of a test molecule.
A blend is fitted with and without `groups=`. For the blend and each of its members, two
values are printed as means over tasks and splits: the AUC of the out-of-fold
predictions (claimed), and the AUC of the test samples (found). The AUC of out-of-fold
predictions is computed from all training samples together, like users do. A net with
`groups=` needs more than a few members, because each group is held out by one member.

Targets: with `groups=`, the mean over splits of the claimed AUC is within 0.02 of the
found AUC, and the net is not worse on new groups than without, by more than two
standard errors of the difference.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from benchmarks._accuracy.ours import make_ours, outputs
from benchmarks._accuracy.tables import Table, load_table, split_rows
from benchmarks._figures import record
from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.ensemble._members import DEFAULT, DEFAULT_NAMES

HERE = Path(__file__).resolve().parent
CLOSE = 0.02


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data-dir", type=Path, default=HERE.parents[1] / "shared" / "data")
    add("--splits", type=int, default=5)
    add("--max-train", type=int, default=1000)
    add("--members", type=int, default=8, help="members of the net")
    add("--json", type=Path, help="write what was measured, and how, to this file")
    return parser.parse_args()


def mean_auc(y: np.ndarray, tasks: Sequence[np.ndarray]) -> float:
    """Return the mean over the tasks that have two classes."""
    found = []
    for labels, proba in zip(y.T, tasks, strict=True):
        seen = ~np.isnan(labels) & ~np.isnan(proba[:, 1])
        if len(np.unique(labels[seen])) == 2:
            found.append(roc_auc_score(labels[seen], proba[seen, 1]))
    return float(np.mean(found))


def measure(
    table: Table, seed: int, is_grouped: bool, args: argparse.Namespace
) -> Iterator[dict]:
    """Yield the claimed and the found score of each model, for one split."""
    split = split_rows(table, seed, args.max_train)
    rest = [(name, DEFAULT) for name in DEFAULT_NAMES if name != "net"]
    net = MultiTaskClassifier(n_members=args.members)
    model = make_ours("blend", table, seed, {"estimators": [("net", net), *rest]})
    assert table.groups is not None
    groups = table.groups[split.train] if is_grouped else None
    y, y_new = table.y[split.train], table.y[split.test]
    model.fit(table.frame(split.train), y, groups=groups)
    claims = {"blend": model.oof_prediction_, **model.member_oof_predictions_}
    for name, claimed in claims.items():
        fitted = model.named_estimators_.get(name, model)
        found = outputs(fitted, table, table.frame(split.test))
        yield {
            "model": name,
            "split": seed,
            "groups": "groups=" if is_grouped else "none",
            "claimed": mean_auc(y, claimed),
            "found": mean_auc(y_new, found),
        }


def main() -> None:
    """Fit all and print."""
    args = parse_arguments()
    if not args.data_dir.is_dir():
        print(f"Skipped: folder {args.data_dir} does not exist; set --data-dir.")
        return
    table = load_table("tox21", str(args.data_dir))
    pairs = [(seed, given) for seed in range(args.splits) for given in (True, False)]
    records = []
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # rare classes
        for seed, is_grouped in tqdm(pairs, disable=None):
            records += measure(table, seed, is_grouped, args)
    frame = pd.DataFrame(records)
    frame["difference"] = frame.claimed - frame.found
    numbers = ["claimed", "found", "difference"]
    mean = frame.groupby(["model", "groups"], sort=False)[numbers].mean()
    print(mean.unstack().round(3).to_string())
    off = mean.difference.xs("groups=", level="groups")
    for name, value in off.items():
        verdict = "met" if abs(value) <= CLOSE else "missed"
        print(f"{verdict}: {name} claims within {CLOSE} ({value:+.3f})")
    record(args.json, {"records": records})
    net = frame[frame.model == "net"].pivot(columns="groups", index="split")["found"]
    gain = net["groups="] - net["none"]
    error = gain.std() / np.sqrt(len(gain))
    verdict = "met" if gain.mean() >= -2 * error else "missed"
    found = f"{gain.mean():+.4f}, standard error {error:.4f}"
    print(f"{verdict}: the net is not worse with groups= ({found})")


if __name__ == "__main__":
    main()
