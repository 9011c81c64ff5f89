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


@pytest.mark.skipif(os.name == "nt", reason="Windows has other pipes")
@pytest.mark.parametrize("n_characters", [10, 100_000])  # with and without a flush
def test_a_reader_that_has_read_enough_is_no_error(n_characters):
    code = f"""
import sys, types
stub = types.ModuleType("sklearn_mtl.command_line._main")
stub.run = lambda arguments: print("x" * {n_characters}) or 0
sys.modules[stub.__name__] = stub
from sklearn_mtl.command_line import main
sys.exit(main([]))
"""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_the_program_starts_without_the_packages_it_needs():
    code = "import sys, sklearn_mtl.command_line; print('numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
