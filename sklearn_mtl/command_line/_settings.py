"""Early checks of numeric options and folders."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["check_settings"]

_MOST_SEED = 2**32 - 1
_FEWEST_ROWS = 100


def check_settings(options: argparse.Namespace) -> None:
    """Check numeric options and the cache folder, with errors that name the option.

    Raises
    ------
    NotADirectoryError
        If --cache-dir is a file.
    ValueError
        If a number is out of its range.
    """
    if not 0 <= options.seed <= _MOST_SEED:
        raise ValueError(
            f"--seed {options.seed}: must be an integer from 0 to {_MOST_SEED}."
        )
    if options.n_jobs == 0:
        raise ValueError(
            "--n-jobs 0: must be a number of fits to run in parallel, or -1 for all "
            "cores."
        )
    n_rows = getattr(options, "compare_rows", 0)
    if n_rows and n_rows < _FEWEST_ROWS:
        raise ValueError(
            f"--compare-rows {n_rows}: must be at least {_FEWEST_ROWS}, or 0 for all "
            "rows."
        )
    hidden = getattr(options, "missing_fraction", None)
    if hidden is not None and not 0 <= hidden < 1:
        raise ValueError(
            f"--missing-fraction {hidden:g}: must be at least 0 and less than 1."
        )
    folder = getattr(options, "cache_dir", None)
    if folder is not None and Path(folder).exists() and not Path(folder).is_dir():
        raise NotADirectoryError(f"--cache-dir: {folder!r} is a file; name a folder.")
