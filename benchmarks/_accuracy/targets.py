"""Targets of accuracy, and whether they are met."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks._accuracy import summary
from benchmarks._accuracy.names import FOUR

_L = {
    # of net and blend, from digest() over all tables but mtr_enb, on which boosting is
    # far ahead: name, bound of the net, bound of the blend
    "mean": (-0.05, -0.105),
    "median": (-0.02, -0.05),
    "w/o best": (-0.015, -0.045),
    "worst": (0.10, 0.05),
}


def check_targets(records: summary.Records) -> pd.DataFrame:
    """Return one row per target: model, what, value, bound, met (? if not measured)."""
    plain = summary.select(records)
    errors = summary.error_table(plain)
    per_set = summary.by_set(summary.relative(errors, FOUR))
    per_set = per_set.drop("mtr_enb", errors="ignore")
    costs = summary.cost_table(plain)
    rows = []
    for model in ("net", "blend"):
        if model in per_set:
            rows += _of_l(per_set, model)
            rows += _of_log_loss(records, model)
            rows += _of_cost(costs, model)
    rows += _of_catboost(errors)
    rows += _of_sharing(records, costs)
    frame = pd.DataFrame(rows, columns=["model", "what", "value", "sign", "bound"])
    low, high = frame["value"] <= frame["bound"], frame["value"] >= frame["bound"]
    met = np.where(frame["sign"] == "<=", low, high)
    frame["met"] = np.where(frame["value"].isna(), "?", np.where(met, "yes", "no"))
    return frame


def _of_l(per_set: pd.DataFrame, model: str) -> list[tuple]:
    place = ("net", "blend").index(model)
    found = summary.digest(per_set[[model]]).loc[model]
    rows = [(model, f"L {k}", found[k], "<=", v[place]) for k, v in _L.items()]
    share, least = (("<= .02", 0.70), ("<= 0", 0.85))[place]
    rows.append((model, f"sets with L {share}", found[share], ">=", least))
    ranks, _, _ = summary.rank_table(per_set, model)
    rank = ranks.get(model, np.nan)
    return [*rows, (model, "mean rank among 7", rank, "<=", (2.2, 1.6)[place])]


def _of_catboost(errors: pd.DataFrame) -> list[tuple]:
    """Return the targets of the blend over all tables, with CatBoost as a rival."""
    per_set = summary.by_set(summary.relative(errors, (*FOUR, "catboost")))
    if "blend" not in per_set or not per_set["blend"].notna().any():
        return []
    found = summary.digest(per_set[["blend"]]).loc["blend"]
    bounds = {"mean": 0.0, "worst": 0.10}
    return [
        ("blend", f"L with CatBoost, {k}", found[k], "<=", bound)
        for k, bound in bounds.items()
    ]


def _of_log_loss(records: summary.Records, model: str) -> list[tuple]:
    values = summary.log_loss_against_four(records)
    if model not in values:
        return []
    if model == "net":
        mean = summary.by_set(values)[model].mean()
        return [(model, "log-loss against best of four, mean", mean, "<=", -0.06)]
    share = float((values[model].dropna() <= 0).mean())
    return [(model, "log-loss <= best of four, set-seeds", share, ">=", 0.90)]


def _of_cost(costs: pd.DataFrame, model: str) -> list[tuple]:
    against_forest = summary.cost_ratio(costs, model, ["forest"])
    if model == "net":
        against_lightgbm = summary.cost_ratio(costs, model, ["lightgbm"])
        return [
            (model, "cost / forests", against_forest, "<=", 0.4),
            (model, "cost / LightGBM", against_lightgbm, "<=", 2.0),
        ]
    against_all = summary.cost_ratio(costs, model, FOUR)
    return [
        (model, "cost / forests", against_forest, "<=", 0.7),
        (model, "cost / all four", against_all, "<=", 0.4),
    ]


def _of_sharing(records: summary.Records, costs: pd.DataFrame) -> list[tuple]:
    shared = summary.sharing_table(records, (0.0, 0.8))
    rows = []
    if "0% hidden" in shared:
        full = shared["0% hidden"].dropna()
        rows = [
            ("sharing", "net / twin, mean", full.mean(), "<=", -0.02),
            ("sharing", "net / twin, worst", full.max(), "<=", 0.03),
        ]
    if "80% hidden" in shared:
        mean = shared["80% hidden"].mean()
        rows.append(("sharing", "net / twin, 80 % hidden, mean", mean, "<=", 0.0))
    cost = summary.cost_ratio(costs, "net", ["twin"])
    return [*rows, ("sharing", "cost net / twin", cost, "<=", 0.35)]
