"""Aligned tables of a run."""

from __future__ import annotations

from typing import Any

import pandas as pd

from benchmarks._accuracy import summary
from benchmarks._accuracy.errors import L_KINDS, L_KINDS_BINARY
from benchmarks._accuracy.names import FOUR, PEERS
from benchmarks._accuracy.targets import check_targets

_TUNED = tuple(f"{name}_tuned" for name in FOUR)


def make_report(records: summary.Records, base: str) -> dict[str, pd.DataFrame]:
    """Return all tables by title; a table without records is omitted."""
    plain = summary.select(records)
    errors = summary.error_table(summary.select(records, tuned=True))
    found: dict[str, pd.DataFrame] = {}
    default = summary.relative(errors, FOUR)
    tuned = summary.relative(errors, _TUNED)
    for against, values in (("at defaults", default), ("tuned", tuned)):
        per_set = summary.by_set(values)
        found[f"L compared with the best of four {against}"] = _ordered(per_set)
        found[f"Summary of L, four {against}"] = summary.digest(per_set)
    found |= _others(errors)
    found |= _ranks(summary.by_set(default))
    values = summary.by_set(summary.log_loss_against_four(records))
    found["Log-loss compared with the best of four"] = _with_mean(_ordered(values))
    found["Fit, CPU seconds on one core"] = _with_sum(
        _ordered(summary.cost_table(summary.select(records, tuned=True)))
    )
    found["Sharing: ln(error of net / error of twin)"] = _with_mean(
        summary.sharing_table(records, (0.0, 0.8))
    )
    found |= _variants(summary.error_table(plain), base)
    if not default.empty:
        found["Targets"] = check_targets(records).set_index(["model", "what"])
    return {title: table for title, table in found.items() if len(table)}


def print_report(tables: dict[str, pd.DataFrame]) -> None:
    """Print all tables."""
    for title, table in tables.items():
        print(f"\n{title}")
        print(table.to_string(float_format=lambda v: f"{v:.3f}", na_rep="-"))


def as_json(tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """Return the tables for the machine-readable file."""
    return {
        title: table.reset_index()
        .astype(object)
        .where(lambda v: v.notna(), None)
        .to_dict("records")
        for title, table in tables.items()
    }


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """Order our models first, then other models, then tuned models."""

    def place(label: str) -> tuple[int, int]:
        name = label.removesuffix("_tuned")
        if name not in PEERS:
            return 0, 0
        return (1 if name == label else 2), PEERS.index(name)

    return table[sorted(table.columns, key=place)]


def _ranks(per_set: pd.DataFrame) -> dict[str, pd.DataFrame]:
    tables = {}
    for ours in ("net", "blend"):
        ranks, critical, p = summary.rank_table(per_set, ours)
        if ranks.empty:
            continue
        title = (
            f"Mean rank with the {ours} (critical difference {critical:.2f} at 5 %, "
            f"Friedman p {p:.1e})"
        )
        tables[title] = ranks.to_frame("rank").T
    return tables


def _others(errors: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return L with CatBoost among the rivals, and with accuracies of binary tasks."""
    rivals = {"CatBoost": ((*FOUR, "catboost"), L_KINDS)}
    rivals["accuracy of binary tasks"] = (FOUR, L_KINDS_BINARY)
    found = {}
    for name, (reference, kinds) in rivals.items():
        per_set = summary.by_set(summary.relative(errors, reference, kinds))
        found[f"L with {name}"] = _ordered(per_set)
        found[f"Summary of L with {name}"] = summary.digest(per_set)
    return found


def _variants(errors: pd.DataFrame, base: str) -> dict[str, pd.DataFrame]:
    others = [c for c in errors.columns if c not in PEERS]
    if base not in errors or len(others) < 2:
        return {}
    per_split = summary.relative(errors[others], [base])
    title = f"Against {base}: mean of ln(error / its error), by set"
    return {title: summary.variant_table(per_split, base)}


def _with_mean(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table, table.mean().to_frame("mean").T]) if len(table) else table


def _with_sum(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table, table.sum().to_frame("sum").T]) if len(table) else table
