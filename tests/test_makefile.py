"""What make says of a Python that cannot be used."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("broken", ["no_such_python", "traceback"])
def test_a_python_that_does_not_start_is_named_in_one_sentence(tmp_path, broken):
    python = tmp_path / broken
    if broken == "traceback":
        python.write_text("#!/bin/sh\necho Traceback >&2\nexit 1\n")
        python.chmod(0o755)
    target = tmp_path / "venv" / ".stamp-venv"
    # `make test` hands its own flags on, and its level to what it says
    env = {key: one for key, one in os.environ.items() if not key.startswith("MAKE")}
    made = subprocess.run(
        ["make", str(target), f"PYTHON={python}", f"VENV={target.parent}"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    said, last = made.stderr.splitlines()
    assert made.returncode == 2
    assert said.startswith(f"{python} does not start, or cannot make virtual environ")
    assert last.startswith("make: ***")
    assert not target.parent.exists()
