"""Time competitors in interleaved rounds, and print their ratios."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

CLOCKS = {"cpu": time.process_time, "wall": time.perf_counter}


def time_rounds(
    competitors: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: str = "cpu",
    repeats: int = 1,
) -> dict[str, np.ndarray]:
    """Return seconds (n_rounds,) of each competitor, after one round that warms up.

    Every round runs all of them, each time in another order, so that what else the
    machine does, and the caches that the one before leaves, meet all alike. With one
    thread the CPU seconds of the process are the wall seconds of an idle machine.
    """
    now, names = CLOCKS[clock], list(competitors)
    rng = np.random.default_rng(0)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for r in range(rounds + 1):
        for name in rng.permutation(names).tolist():
            start = now()
            for _ in range(repeats):
                competitors[name]()
            if r:
                seconds[name].append((now() - start) / repeats)
    return {name: np.array(values) for name, values in seconds.items()}


def median_ratio(seconds: Mapping[str, np.ndarray], name: str, base: str) -> float:
    """Return the median over rounds of the ratio within a round."""
    return float(np.median(seconds[name] / seconds[base]))


def print_times(title: str, seconds: Mapping[str, np.ndarray], base: str) -> None:
    """Print medians, minima, and their ratios to one competitor."""
    print(f"\n{title}")
    width = max(map(len, seconds))
    print(f"{'':{width}}  {'ms':>10}  {'ratio':>7}  {'least ms':>10}  {'ratio':>7}")
    for name, values in seconds.items():
        ratio, least = median_ratio(seconds, name, base), values.min()
        print(
            f"{name:{width}}  {1e3 * np.median(values):10.3f}  {ratio:7.2f}  "
            f"{1e3 * least:10.3f}  {least / seconds[base].min():7.2f}"
        )


def print_targets(rows: list[tuple[str, float, str, float]]) -> list[dict[str, Any]]:
    """Print (what, value, "<=" or ">=", bound), and return them for the JSON file."""
    print("\nTargets")
    width = max(len(row[0]) for row in rows)
    out = []
    for what, value, sign, bound in rows:
        met = value <= bound if sign == "<=" else value >= bound
        verdict = "yes" if met else "no"
        print(f"{what:{width}}  {value:7.2f} {sign} {bound:5.2f}  {verdict}")
        out.append({"what": what, "value": value, "bound": bound, "met": bool(met)})
    return out
