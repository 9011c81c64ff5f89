"""Compute the values of the targets from records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import friedmanchisquare, rankdata, studentized_range

from benchmarks._accuracy.errors import L_KINDS, LOG_LOSS_KINDS
from benchmarks._accuracy.names import FOUR, RIVALS

Records = list[dict[str, Any]]


def select(records: Records, *, hide: float = 0.0, tuned: bool = False) -> Records:
    """Return the records of one share of hidden labels, with or without tuned peers."""
    return [
        r
        for r in records
        if r["hide"] == hide and (tuned or not r["label"].endswith("_tuned"))
    ]


def error_table(records: Records) -> pd.DataFrame:
    """Return log errors: rows (set, split, kind), one column per label."""
    rows = [
        (r["set"], f"{r['seed']}:{r['fold']}", kind, r["label"], np.log(value))
        for r in records
        for kind, value in r["errors"].items()
    ]
    frame = pd.DataFrame(rows, columns=["set", "split", "kind", "label", "error"])
    frame = frame.drop_duplicates(["set", "split", "kind", "label"])
    return frame.pivot(index=["set", "split", "kind"], columns="label", values="error")


def relative(
    errors: pd.DataFrame, reference: Sequence[str], kinds: Sequence[str] = L_KINDS
) -> pd.DataFrame:
    """Return ln(error / smallest error of the reference): rows (set, split).

    The mean over kinds of what the set has; NaN where the reference is incomplete.
    """
    absent = [label for label in reference if label not in errors]
    if absent or errors.empty:
        return pd.DataFrame(columns=errors.columns, index=errors.index[:0])
    chosen = errors[errors.index.get_level_values("kind").isin(kinds)]
    best = chosen[list(reference)].min(axis=1, skipna=False)
    return chosen.sub(best, axis=0).groupby(level=["set", "split"], sort=False).mean()


def by_set(values: pd.DataFrame) -> pd.DataFrame:
    """Average over the splits of each set."""
    return values.dropna(how="all").groupby(level="set", sort=False).mean()


def digest(per_set: pd.DataFrame) -> pd.DataFrame:
    """Return mean, median, mean without best set, worst, shares: one row per label."""
    out = {}
    for label, column in per_set.items():
        values = np.sort(column.dropna())
        if len(values):
            out[label] = {
                "sets": len(values),
                "mean": values.mean(),
                "median": np.median(values),
                "w/o best": values[1:].mean() if len(values) > 1 else np.nan,
                "worst": values[-1],
                "<= .02": np.mean(values <= 0.02),
                "<= 0": np.mean(values <= 0.0),
            }
    return pd.DataFrame(out).T


def rank_table(per_set: pd.DataFrame, ours: str) -> tuple[pd.Series, float, float]:
    """Return mean ranks among seven, the critical difference, and Friedman's p.

    Two mean ranks that differ by more than the critical difference (Nemenyi, 5 %) are
    told apart. J. Demšar, "Statistical comparisons of classifiers over multiple data
    sets", JMLR 7, 2006, section 3.2.2.
    """
    labels = [label for label in (*RIVALS, ours) if label in per_set]
    complete = per_set[labels].dropna()
    n_sets, k = complete.shape
    if ours not in labels or n_sets < 2 or k < 3:
        return pd.Series(dtype=float), np.nan, np.nan
    ranks = rankdata(complete, axis=1).mean(axis=0)
    q = studentized_range.ppf(0.95, k, np.inf) / np.sqrt(2)
    critical = q * np.sqrt(k * (k + 1) / (6 * n_sets))
    p = friedmanchisquare(*complete.to_numpy().T).pvalue
    return pd.Series(ranks, index=labels).sort_values(), float(critical), float(p)


def cost_table(records: Records) -> pd.DataFrame:
    """Return the mean CPU seconds of fit: one row per set, one column per label."""
    rows = [(r["set"], r["label"], r["fit_seconds"]) for r in records]
    frame = pd.DataFrame(rows, columns=["set", "label", "seconds"])
    return frame.pivot_table(index="set", columns="label", values="seconds", sort=False)


def cost_ratio(costs: pd.DataFrame, label: str, against: Sequence[str]) -> float:
    """Return the ratio of total costs over the sets that both have."""
    needed = [label, *against]
    if any(name not in costs for name in needed):
        return np.nan
    both = costs[needed].dropna()
    return float(both[label].sum() / both[list(against)].to_numpy().sum())


def sharing_table(records: Records, hides: Sequence[float]) -> pd.DataFrame:
    """Return ln(error of net / error of twin): rows are sets, columns shares."""
    out = {}
    for hide in hides:
        errors = error_table(select(records, hide=hide))
        if {"net", "twin"} <= set(errors.columns):
            values = by_set(relative(errors, ["twin"])[["net"]])
            out[f"{hide:.0%} hidden"] = values["net"]
    return pd.DataFrame(out)


def log_loss_against_four(records: Records) -> pd.DataFrame:
    """Return ln(log-loss / smallest of the four): rows (set, split)."""
    return relative(error_table(select(records)), FOUR, LOG_LOSS_KINDS)


def variant_table(per_split: pd.DataFrame, base: str) -> pd.DataFrame:
    """Return how variants differ from the base: sets, mean, its error, sets better.

    The standard error is over sets, of differences paired by split.
    """
    gap = by_set(per_split.sub(per_split[base], axis=0))
    out = {}
    for label, column in gap.items():
        values = column.dropna()
        if label != base and len(values):
            spread = values.std(ddof=1) if len(values) > 1 else np.nan
            out[label] = values.to_dict() | {
                "mean": values.mean(),
                "+-": spread / np.sqrt(len(values)),
                "w/o best": values.sort_values().iloc[1:].mean(),
                "better": float((values < 0).sum()),
            }
    return pd.DataFrame(out).T
