"""Parsing and running of commands, with errors and warnings as single lines."""

from __future__ import annotations

import argparse
import shlex
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sklearn_mtl._version import __version__
from sklearn_mtl.command_line import _compare, _fit, _inspect, _predict
from sklearn_mtl.command_line._data_options import in_options
from sklearn_mtl.exceptions import NegativeTransferWarning

__all__ = ["run"]


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parser().parse_args(arguments)
    given = sys.argv[1:] if arguments is None else arguments
    options.line = shlex.join(["sklearn-mtl", *given])
    try:
        with _told_warnings():
            show = options.work(options)
    except (ImportError, OSError, TypeError, ValueError) as error:
        message = in_options(" ".join(str(error).split()))
        print(f"sklearn-mtl: error: {message}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"sklearn-mtl: interrupted{_kept(options)}", file=sys.stderr)
        return 130
    code: int = show()
    return code


def _kept(options: argparse.Namespace) -> str:
    """Return the part of the message of an interrupt on finished fits."""
    is_comparison = getattr(options, "model", "auto") == "auto"
    if not (hasattr(options, "cache_dir") and is_comparison):
        return ""
    if options.cache_dir is None:
        return "; use --cache-dir DIR to keep finished fits for the next run"
    return "; run the same command again to resume"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sklearn-mtl", description="Multi-task learning with scikit-learn."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    for command in (_compare, _fit, _predict, _inspect):
        command.add_command(commands)
    return parser


@contextmanager
def _told_warnings() -> Iterator[None]:
    """Print warnings as lines, without those of negative transfer (see the verdict)."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        warnings.simplefilter("ignore", NegativeTransferWarning)
        yield
    told = [in_options(" ".join(str(one.message).split())) for one in caught]
    for message in dict.fromkeys(told):
        print(f"sklearn-mtl: warning: {message}", file=sys.stderr)
