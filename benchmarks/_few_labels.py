"""Tables printed by benchmarks/few_labels.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

__all__ = ["RIVALS", "choose_rivals", "relative_to_rival", "summarise"]

RIVALS = ("linear", "forest", "lightgbm")
EQUAL = "net^0.0"
SHARE_AHEAD = 0.65  # of the pairs of task and size
BLEND_AHEAD = {"AUC": 0.01, "error": 0.02}
MOST_LOST = 0.002  # by tasks with all their labels
_PLACE = ["set_name", "n_labels", "scored"]


def choose_rivals(frame: pd.DataFrame) -> pd.Series:
    """Return the best model per task of each set and size, by the mean ln(error)."""
    rows = frame[frame.is_few & frame.row.isin(RIVALS)]
    mean = np.log(rows.error).groupby([rows.set_name, rows.n_labels, rows.row]).mean()
    return mean.unstack().idxmin(axis=1)


def relative_to_rival(frame: pd.DataFrame) -> pd.DataFrame:
    """Return ln(error / error of the rival) of each task, one column per model.

    Where no rival was run it is ln(error). The mean is over kinds of error, then seeds.
    """
    few = frame[frame.is_few]
    log = np.log(
        few.pivot_table(index=[*_PLACE, "kind", "seed"], columns="row", values="error")
    )
    best = choose_rivals(frame)
    if len(best):
        chosen = [best[key[0], key[1]] for key in log.index]
        rival = [log.loc[i, c] for i, c in zip(log.index, chosen, strict=True)]
        log = log.sub(rival, axis=0)
    return log.groupby([*_PLACE, "seed"]).mean().groupby(_PLACE).mean()


def summarise(frame: pd.DataFrame, rows: Sequence[str]) -> None:
    """Print the tables of all measured models, and the targets."""
    rows = [row for row in rows if row in set(frame.row)]
    by_task = relative_to_rival(frame)[rows]
    best = choose_rivals(frame)
    if len(best):
        _print("rival", best.unstack())
    by_set = by_task.groupby(["n_labels", "set_name"]).mean()
    by_size = by_set.groupby("n_labels").mean()
    _print("mean ln(error / rival) of the tasks with few labels, by size", by_size)
    _print("by set", by_set.swaplevel().sort_index())
    if len(best):
        ahead = (by_task < 0).mean()
        _print("share of task x size pairs with a lower error than the rival", ahead, 2)
    area = _mean_auc(frame)
    if len(area):
        _print("mean AUC of binary tasks", area[rows], 4)
    lost = _full_tasks(frame, EQUAL)
    if len(lost):
        _print(f"tasks with all labels, minus {EQUAL}", lost, 4)
    stacked = _full_tasks(frame, "unstacked")
    if "blend" in stacked.index:
        _print("the same, blend minus unstacked", stacked.loc["blend"], 4)
    _print("CPU seconds of a fit, mean", frame.groupby("row").seconds.mean(), 1)
    for line in _targets(by_size, by_task, area, lost):
        print(line)


def _mean_auc(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over sets; tasks with few labels and the others separately."""
    binary = frame[frame.kind == "1-AUC"]
    binary = binary.assign(labels=np.where(binary.is_few, "few", "all"))
    keys = ["labels", "n_labels", "row", "set_name"]
    mean = 1.0 - binary.groupby(keys).error.mean()
    return mean.groupby(keys[:3]).mean().unstack("row")


def _full_tasks(frame: pd.DataFrame, base: str) -> pd.DataFrame:
    """Return ln(error) and error of tasks with all labels, minus those of a model."""
    full = frame[~frame.is_few & (frame.row != "twin")]
    if base not in set(full.row):
        return pd.DataFrame()
    index = [*_PLACE, "task", "kind", "seed"]
    error = full.pivot_table(index=index, columns="row", values="error")
    parts = {"ln(error)": np.log(error), "error": error}
    means = {
        name: part.sub(part[base], axis=0).groupby("set_name").mean().mean()
        for name, part in parts.items()
    }
    return pd.DataFrame(means)


def _targets(
    by_size: pd.DataFrame, by_task: pd.DataFrame, area: pd.DataFrame, lost: pd.DataFrame
) -> Iterator[str]:
    """Yield a line for each target that these models determine."""
    met = {True: "met", False: "missed"}
    has_rival = any(name in by_task for name in RIVALS)
    if has_rival and "net" in by_task:
        for size, mean in by_size["net"].items():
            yield f"{met[mean < 0]}: net ahead with {size} labels ({mean:+.3f})"
        share = (by_task["net"] < 0).mean()
        wanted = f"net ahead on {SHARE_AHEAD:.0%} of the pairs"
        yield f"{met[share >= SHARE_AHEAD]}: {wanted} ({share:.0%})"
    if {"net", "blend"} <= set(by_task):
        ahead = (by_size["net"] - by_size["blend"]).mean()
        wanted = f"blend ahead of the net by {BLEND_AHEAD['error']} in ln(error)"
        yield f"{met[ahead >= BLEND_AHEAD['error']]}: {wanted} ({ahead:.3f})"
        if "few" in area.index:
            ahead = (area.loc["few", "blend"] - area.loc["few", "net"]).mean()
            wanted = f"blend ahead of the net by {BLEND_AHEAD['AUC']} in AUC"
            yield f"{met[ahead >= BLEND_AHEAD['AUC']]}: {wanted} ({ahead:.3f})"
    if "net" in lost.index:
        more = lost.loc["net", "error"]
        wanted = f"tasks with all labels lose at most {MOST_LOST}"
        yield f"{met[more <= MOST_LOST]}: {wanted} ({more:+.4f})"


def _print(title: str, table: pd.DataFrame | pd.Series, digits: int = 3) -> None:
    print(f"\n{title}:")
    print(table.round(digits).to_string())
