"""Error rate and power of the verdict of a comparison, in simulations.

Scores of comparisons with nine models and four tasks are drawn with a known truth:
sharing helps, hurts or has no effect; a linear model, a forest, a net or a blend is the
best; models are equally good. For each truth the script prints how often

    helps!, hurts!    the verdict says that sharing helps (hurts) a task, or on average,
                      although it does not
    found             the verdict names a task that sharing helps or hurts
    use!              the verdict is "Use X", although another model is better; equally
                      good models are no error
    clear             the verdict is "Use X"
    behind!           the verdict says that a model is worse than the best score,
                      although it is as good as any

and the mean loss of skill if one takes the recommended model, the model with the best
score, or the smallest model that is not significantly worse.

    python -m benchmarks.verdict               # a few seconds
    python -m benchmarks.verdict --repeats 3 --overlap typical
    python -m benchmarks.verdict --cv 3
    python -m benchmarks.verdict --scored 1 1 .8 .6 # tasks lack scores in some splits
    python -m benchmarks.verdict --correlation # of real fold differences, 3 minutes
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks._figures import record
from benchmarks._known_truth import CASES, LEARNING, Folds, error_rates
from benchmarks._timing import print_targets

_NOISES = (0.5, 1.0, 2.0)


def main() -> None:
    """Print the rates, and those that have a target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arrays", type=int, default=2000, help="draws per truth")
    parser.add_argument("--cv", type=int, default=5, choices=(2, 3, 5, 6, 10))
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--overlap", choices=LEARNING, default="strong")
    parser.add_argument("--scored", type=float, nargs=4, default=[1.0] * 4)
    parser.add_argument("--correlation", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if args.correlation:
        _print_correlations()
        return
    folds = Folds(args.cv, args.repeats, args.overlap, tuple(args.scored))
    found = {
        case.name: error_rates(case, args.arrays, seed, folds)
        for seed, case in enumerate(CASES)
    }
    _print_rates(found)
    rows = [
        (f"{key} over all truths", _mean(found, key), "<=", 0.05)
        for key in ("helps!", "hurts!", "use!")
    ]
    record(args.json, {"rates": found, "targets": print_targets(rows)})


def _mean(found: Mapping[str, Mapping[str, float]], key: str) -> float:
    return float(np.mean([rates[key] for rates in found.values()]))


def _print_rates(found: Mapping[str, Mapping[str, float]]) -> None:
    columns = {name: max(6, len(name)) for name in next(iter(found.values()))}
    width = max(map(len, found))
    header = "  ".join(f"{name:>{size}}" for name, size in columns.items())
    print(f"{'':{width}}  {header}")
    for name, rates in found.items():
        cells = [
            "-".rjust(size) if np.isnan(rates[key]) else f"{rates[key]:{size}.3f}"
            for key, size in columns.items()
        ]
        print(f"{name:{width}}  {'  '.join(cells)}")


def _print_correlations() -> None:
    from benchmarks._fold_correlation import fold_correlations

    every = []
    for noise in _NOISES:
        found = fold_correlations(100, noise)
        every += found.values()
        print(f"\nnoise {noise:g} times the spread of the signal")
        for (one, other), value in found.items():
            print(f"{one:>14} - {other:14} {value:6.3f}")
    print(f"\nmedian {np.median(every):.3f}, largest {max(every):.3f}")


if __name__ == "__main__":
    main()
