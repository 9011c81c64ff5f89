"""Read and write the files of figures."""

from __future__ import annotations

import atexit
import datetime as dt
import io
import json
import math
import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "benchmarks" / "figures"
INNER_LIST = re.compile(r"\[[^\[\]{}]*\]")
PACKAGES = (
    *("numpy", "scipy", "scikit-learn", "pandas", "torch", "numba", "lightgbm"),
    *("xgboost-cpu", "skglm", "torchjd", "faiss-cpu"),
)


def read_files() -> dict[str, dict[str, Any]]:
    """Return the content of every file of figures, by the name of its benchmark."""
    paths = sorted(path for path in FOLDER.glob("*.json") if path.stem != "constants")
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def read_constants() -> dict[str, list[float]]:
    """Return the numbers of each page that nobody measured: settings and versions."""
    return json.loads((FOLDER / "constants.json").read_text(encoding="utf-8"))


def record(path: Path | None, measured: dict[str, Any]) -> None:
    """Write what a run measured, and how, if a file was asked for.

    What the guide shows, "figures" and "tables", stays as it is until somebody has
    looked at the differences.
    """
    if path is None:
        return
    earlier = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    content = {"pages": [], "figures": {}, "tables": {}, **earlier}
    content |= {**described_run(), "measured": measured}
    content.pop("note", None)  # that the figures were not measured by such a run
    path.write_text(as_text(content), encoding="utf-8")


def record_printed(path: Path | None) -> None:
    """Record at the end of the process all that it prints, if a file was asked for."""
    if path is not None:
        tee = Tee(sys.stdout)
        sys.stdout = tee
        atexit.register(tee.write_record, path)


class Tee(io.StringIO):
    """A stream that keeps what it passes on."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.stream = stream

    def write(self, text: str) -> int:
        self.stream.write(text)
        return super().write(text)

    def flush(self) -> None:
        self.stream.flush()

    def write_record(self, path: Path) -> None:
        if not hasattr(sys, "last_value"):  # it did not end with an error
            record(path, {"printed": self.getvalue().splitlines()})


def as_text(content: dict[str, Any]) -> str:
    """Return JSON with every innermost list on one line, so that a diff shows a row."""
    text = json.dumps(as_plain(content), indent=1, ensure_ascii=False, allow_nan=False)
    return INNER_LIST.sub(on_one_line, text) + "\n"


def on_one_line(found: re.Match) -> str:
    """Return a list without its line breaks."""
    return re.sub(r"\s*\n\s*", " ", found[0]).replace("[ ", "[").replace(" ]", "]")


def described_run() -> dict[str, Any]:
    """Return date, command, versions and machine; no name of a host or a user."""
    module = Path(sys.argv[0]).stem
    return {
        "date": dt.date.today().isoformat(),
        "command": " ".join(["python -m", f"benchmarks.{module}", *arguments()]),
        "machine": f"{os.cpu_count()} CPU cores, {platform.machine()}",
        "versions": {"python": platform.python_version(), **installed_versions()},
    }


def arguments() -> list[str]:
    """Return the arguments of the run without --json and its file."""
    given = sys.argv[1:]
    if "--json" in given:
        place = given.index("--json")
        given = given[:place] + given[place + 2 :]
    return given


def installed_versions() -> dict[str, str]:
    """Return the versions of the packages that change what benchmarks measure."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def as_plain(value: Any) -> Any:
    """Return what JSON knows: lists for arrays, None for NaN, text for the rest."""
    if isinstance(value, dict):
        return {str(key): as_plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(one) for one in value]
    if hasattr(value, "tolist"):
        return as_plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    is_known = value is None or isinstance(value, bool | int | float)
    return value if is_known else str(value)
