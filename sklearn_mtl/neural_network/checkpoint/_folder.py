"""Locked folder with the checkpoint files of one training."""

from __future__ import annotations

import os
import re
import shutil
import warnings
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO, Any

from sklearn_mtl.exceptions import DamagedFileError
from sklearn_mtl.persistence import Budget, read_archive, write_archive

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["RunFolder", "Saved"]

_FILE = re.compile(r"epoch-(\d+)\.mtl")
_KEPT = 2  # the last file, and the one before in case the last is damaged


@dataclass(frozen=True)
class Saved:
    """Contents of a file.

    Attributes
    ----------
    path : Path
        Path of the file.
    about : dict
        "n_epochs", the number of completed epochs; "seed"; and "is_complete".
    members : dict of str to bytes
        The state.
    budget : Budget
        Memory that decoding may still allocate.
    """

    path: Path
    about: dict[str, Any]
    members: dict[str, bytes]
    budget: Budget


class RunFolder:
    """A folder that is locked for other processes and threads while it is open.

    Identical trainings that run at the same time get separate folders: 0, 1 and so on.
    The folder of a killed process is used by the next training.

    Parameters
    ----------
    folder : Path
        Parent of the numbered folders.
    who : str
        Name of the estimator, for messages.
    """

    def __init__(self, folder: Path, who: str) -> None:
        self.who = who
        try:
            self.path, self._lock = _claim(folder)
            for left in self.path.glob(".*.tmp"):  # left by a killed process
                left.unlink(missing_ok=True)
        except OSError as error:
            what = f"the checkpoint cannot be written to {folder.parent}"
            raise self._explain(error, what) from error

    def saved(self) -> Saved | None:
        """Return the last valid file; damaged ones are removed with a warning."""
        for path in reversed(self._files()):
            try:
                about, members, budget = read_archive(path)
                return Saved(path, about, members, budget)
            except (DamagedFileError, FileNotFoundError) as error:
                self.discard(path, error)
            except OSError as error:
                raise self._explain(error, f"{path} cannot be read") from error
        return None

    def discard(self, path: Path, reason: Exception) -> None:
        """Remove a file that cannot be used, with a warning."""
        warnings.warn(
            f"{self.who}: the checkpoint {path} cannot be used and was removed "
            f"({reason}). Training resumes from the one before, or starts again.",
            UserWarning,
            stacklevel=2,
        )
        path.unlink(missing_ok=True)

    def write(self, members: dict[str, bytes], about: dict[str, Any]) -> None:
        """Write a file, and then remove old files."""
        n_epochs = about["n_epochs"]
        path = self.path / f"epoch-{n_epochs:06d}.mtl"
        try:
            write_archive(path, members, about)
            others = [one for one in self._files() if one != path]
            n_kept = 0 if about["is_complete"] else _KEPT - 1
            for old in others[: len(others) - n_kept]:
                old.unlink(missing_ok=True)
        except OSError as error:
            files = self._files() if self.path.is_dir() else []
            has_older = any(one != path for one in files)
            then = (
                "the next call of fit will resume from the previous one"
                if has_older
                else "there is no previous one, so the next call of fit will start "
                "again"
            )
            what = f"the checkpoint of epoch {n_epochs} could not be written ({then})"
            raise self._explain(error, what) from error

    def close(self, *, remove: bool = False) -> None:
        """Unlock the folder, after removing it if requested."""
        if remove:
            shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()
        if remove:
            with suppress(OSError):  # another process may use a folder next to it
                self.path.parent.rmdir()

    def _files(self) -> list[Path]:
        """Return the files in the order of their epochs."""
        found = [one for one in self.path.iterdir() if _FILE.fullmatch(one.name)]
        return sorted(found, key=lambda one: int(one.stem.partition("-")[2]))

    def _explain(self, error: OSError, what: str) -> OSError:
        """Return an error of the same class, which OSError selects by errno."""
        text = f"{self.who}: {what}: {error.strerror or error}"
        return OSError(error.errno, text, error.filename)


def _claim(folder: Path) -> tuple[Path, IO[bytes]]:
    """Return the first free numbered folder, and its lock."""
    for number in count():
        path = folder / str(number)
        while True:
            path.mkdir(parents=True, exist_ok=True)
            try:
                lock = open(path / "lock", "ab")  # noqa: SIM115 - open while it trains
            except FileNotFoundError:  # its owner has just removed the folder
                continue
            if not _is_locked(lock):
                lock.close()
                break
            if _is_at(lock, path / "lock"):
                return path, lock
            lock.close()
    raise AssertionError  # for the type checker: count does not end


def _is_locked(lock: IO[bytes]) -> bool:
    """Lock a file until it is closed; return False if it is locked already.

    The operating system releases the lock when the process ends, even if it is killed.
    """
    try:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
    except BlockingIOError:
        return False
    except OSError:
        # Some network file systems have no locks. Without a lock, identical trainings
        # write identical files.
        return fcntl is not None
    return True


def _is_at(lock: IO[bytes], path: Path) -> bool:
    """Return whether a locked file still exists at the path."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False
