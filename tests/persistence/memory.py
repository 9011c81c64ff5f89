"""The memory that a load takes, measured in a process of its own on Linux."""

import subprocess
import sys

import pytest

CODE = """
import os, sys, sklearn_mtl
from sklearn_mtl.persistence import load

def status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))

def measure(path):
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak starts again from what is held now
    before = status("VmRSS")
    try:
        load(path)
        what = "loaded"
    except ValueError as error:
        what = type(error).__name__
    print(what, status("VmHWM") - before, flush=True)

for path in sys.argv[1:]:  # in a child, which has none of what a load before has left
    if os.fork() == 0:
        measure(path)
        os._exit(0)
    os.wait()
"""

on_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="the peak of the memory is read from /proc"
)


def load_and_measure(*paths):
    """Return what became of each load, and by how many bytes it moved the peak."""
    run = [sys.executable, "-c", CODE, *map(str, paths)]
    ran = subprocess.run(run, check=True, capture_output=True, text=True)
    lines = [line.split() for line in ran.stdout.splitlines()]
    assert len(lines) == len(paths), ran.stderr
    return [(what, 1024 * int(peak)) for what, peak in lines]
