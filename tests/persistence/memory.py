"""The memory that a load takes, measured in a process of its own on Linux."""

import subprocess
import sys

import pytest

CODE = """
import sys, sklearn_mtl
from sklearn_mtl.persistence import load

def status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))

with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak starts again from what is held now
before = status("VmRSS")
try:
    load(sys.argv[1])
    print("loaded")
except ValueError as error:
    print(type(error).__name__)
print(status("VmHWM") - before)
"""

on_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="the peak of the memory is read from /proc"
)


def load_and_measure(path):
    """Return what became of a load, and by how many bytes it moved the peak."""
    run = [sys.executable, "-c", CODE, str(path)]
    ran = subprocess.run(run, check=True, capture_output=True, text=True)
    what, peak = ran.stdout.split()
    return what, 1024 * int(peak)
