"""Communicate with Keras in its own environment."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["KerasPeer"]

_WORKER = Path(__file__).with_name("keras_worker.py")


class KerasPeer:
    """A process that trains the textbook model in Keras and times itself.

    Parameters
    ----------
    python : Path
        Interpreter of the environment that has TensorFlow.
    clock : {"cpu", "wall"}
        Of which it gives seconds.
    """

    def __init__(self, python: Path, clock: str) -> None:
        self.folder = tempfile.TemporaryDirectory()
        # TensorFlow's log would be mixed with the output
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
        self.process = subprocess.Popen(
            [str(python), str(_WORKER), clock],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **quiet, "CUDA_VISIBLE_DEVICES": ""},
        )
        self.versions = self._read()

    def ask(self, **asked: Any) -> Any:
        """Send a command, and return the answer.

        Parameters
        ----------
        **asked : dict
            Arrays go by a file, which is written once.

        Returns
        -------
        object
            What the worker says.
        """
        plain = {
            key: self._file(value) if isinstance(value, np.ndarray) else value
            for key, value in asked.items()
        }
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(plain) + "\n")
        self.process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
        self.folder.cleanup()

    def _file(self, array: np.ndarray) -> str:
        name = Path(self.folder.name, f"{id(array)}.npy")
        if not name.exists():
            np.save(name, array)
        return str(name)

    def _read(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("The process of Keras ended.")
        return json.loads(line)
