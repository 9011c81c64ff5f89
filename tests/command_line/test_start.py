"""An interrupt is one line, whenever it comes."""

import os
import subprocess
import sys

import pytest

# an import takes the interrupt that a user sends while the packages load
CODE = """
import os, signal, sys
from sklearn_mtl.command_line import main

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "sklearn_mtl.command_line._compare":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
sys.exit(main(["compare"]))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_an_interrupt_while_packages_load_is_one_line():
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "sklearn-mtl: interrupted\n")


def test_the_program_starts_without_the_packages_it_needs():
    code = "import sys, sklearn_mtl.command_line; print('numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
