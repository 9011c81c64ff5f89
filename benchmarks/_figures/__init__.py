"""Figures of the benchmarks, from which README and guide take every number.

Each benchmark has one file, benchmarks/figures/NAME.json, with the date, the versions,
the command and the machine of its last run. `python -m benchmarks._figures` writes its
tables into the guide, and `--check` fails where a page and the files differ.
"""

from benchmarks._figures.files import ROOT, read_files, record, record_printed

__all__ = ["ROOT", "read_files", "record", "record_printed"]
