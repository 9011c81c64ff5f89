"""Compute a table and the values of the targets from records."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks._retrieval.embeddings import NAMES

METRICS = ("map_at_r", "precision_at_1")
# MAP@R and precision@1 that one net must reach by its projections.
TARGETS = {"digit": (0.53, 0.88), "garment": (0.47, 0.75)}


def values_of(
    records: list[dict[str, Any]], problem: str, setting: str, task: str, name: str
) -> np.ndarray:
    """Return MAP@R and precision@1 (n_seeds, 2); no row where it was not measured."""
    found = [
        [record["scores"][task][name][metric] for metric in METRICS]
        for record in records
        if (record["problem"], record["setting"]) == (problem, setting)
        and name in record["scores"].get(task, {})
    ]
    return np.array(found).reshape(-1, len(METRICS))


def print_table(
    records: list[dict[str, Any]], problem: str, tasks: list[str], settings: list[str]
) -> list[dict[str, Any]]:
    """Print means over seeds, and return them with their standard deviations."""
    columns = [(task, setting) for task in tasks for setting in settings]
    measured = {
        (task, setting, name): values_of(records, problem, setting, task, name)
        for task, setting in columns
        for name in NAMES
    }
    columns = [one for one in columns if len(measured[(*one, NAMES[0])])]
    width = max(map(len, NAMES))
    print(f"\n{problem}: MAP@R / precision@1")
    print(" " * width + "".join(f"  {f'{t}, {s}':>17}" for t, s in columns))
    rows = []
    for name in NAMES:
        cells = []
        for task, setting in columns:
            if not len(measured[task, setting, name]):
                cells.append(f"  {'-':>17}")
                continue
            mean = measured[task, setting, name].mean(axis=0)
            spread = measured[task, setting, name].std(axis=0)
            cells.append(f"  {mean[0]:9.3f} / {mean[1]:.3f}")
            rows.append(
                {"problem": problem, "task": task, "setting": setting, "by": name}
                | {"mean": dict(zip(METRICS, mean, strict=True))}
                | {"sd": dict(zip(METRICS, spread, strict=True))}
            )
        print(f"{name:{width}}" + "".join(cells))
    return rows


def quality_targets(
    records: list[dict[str, Any]],
) -> list[tuple[str, float, str, float]]:
    """Return targets and values of the single net of the overlapping images."""
    rows = []
    for task, bounds in TARGETS.items():
        found = values_of(records, "overlap", "full", task, "multi-task, projected")
        if len(found):
            for metric, value, bound in zip(
                METRICS, found.mean(axis=0), bounds, strict=True
            ):
                rows.append((f"{task}, {metric}", float(value), ">=", bound))
    return rows
