"""Export of a comparison as lists and dicts."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sklearn_mtl.comparison.results._result import ComparisonResult

__all__ = ["as_dict"]


def as_dict(comparison: ComparisonResult) -> dict[str, Any]:
    """Return all results of a comparison, with None for NaN."""
    measured = comparison.measured
    content = {
        "verdict": comparison.verdict,
        "recommended": comparison.recommended,
        "ranking": _ranking(comparison),
        "confidence": comparison.confidence,
        "setting": comparison.setting,
        "tasks": [asdict(task) for task in comparison.tasks],
        "models": [asdict(model) for model in comparison.models],
        "table": comparison.table.reset_index().to_dict("records"),
        "gain": comparison.gain.to_dict("records"),
        "scores": comparison.scores.to_dict("records"),
        "fit_seconds": measured.fit_seconds,
        "predict_seconds": measured.predict_seconds,
        "model_bytes": measured.model_bytes,
        "counts": comparison.counts.to_dict("records"),
        "learning_curve": _curve(comparison),
        "n_train": measured.n_train,
        "n_test": measured.n_test,
        "n_held_out": measured.n_held_out,
        "chosen": comparison.chosen_counts(),
        "problems": [asdict(problem) for problem in comparison.problems],
    }
    return {key: _plain(value) for key, value in content.items()}


def _ranking(comparison: ComparisonResult) -> list[dict[str, Any]]:
    """Return mean scores, the best first, and the differences to the best model."""
    found = comparison.recommendation
    if found is None:
        return []
    rows = []
    for name, score in found.scores.items():
        row = {"model": name, "score": score}
        if (gain := found.differences.get(name)) is not None:
            row |= {
                "behind": gain.interval.mean,
                "adjusted_low": gain.adjusted.low,
                "adjusted_high": gain.adjusted.high,
                "p_adjusted": gain.p_adjusted,
            }
        rows.append(row)
    return rows


def _curve(comparison: ComparisonResult) -> list[dict[str, Any]] | None:
    if comparison.curve is None:
        return None
    return comparison.learning_curve.to_dict("records")


def _plain(value: Any) -> Any:
    """Convert NumPy values to Python values, and NaN and infinity to None."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, bool | int | str | None) else str(value)
