"""The files of one training: which is the last good one, and who may write them."""

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
_KEPT = 2  # the last one, and the one to go back to if that is damaged


@dataclass(frozen=True)
class Saved:
    """What a file says.

    Attributes
    ----------
    path : Path
        The file.
    about : dict
        "n_epochs" that were done, "seed", and whether training "is_complete".
    members : dict of str to bytes
        The state.
    budget : Budget
        The memory that may still be taken.
    """

    path: Path
    about: dict[str, Any]
    members: dict[str, bytes]
    budget: Budget


class RunFolder:
    """A folder in which no other process or thread writes as long as it is open.

    Trainings that are the same in all respects get folders of their own: 0, 1 and so
    on. A killed process leaves its folder to the next one that asks.

    Parameters
    ----------
    folder : Path
        Where the numbered folders are.
    who : str
        The estimator, for messages.
    """

    def __init__(self, folder: Path, who: str) -> None:
        self.who = who
        try:
            self.path, self._lock = _claim(folder)
            for left in self.path.glob(".*.tmp"):  # by a process that was killed
                left.unlink(missing_ok=True)
        except OSError as error:
            what = f"no checkpoint can be written to {folder.parent}"
            raise self._explain(error, what) from error

    def saved(self) -> Saved | None:
        """Return the last good file; one that is damaged is said and removed."""
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
        """Remove a file that cannot be used, and say so."""
        warnings.warn(
            f"{self.who}: the checkpoint {path} cannot be used and is removed "
            f"({reason}). Training goes on from the one before, or starts again.",
            UserWarning,
            stacklevel=2,
        )
        path.unlink(missing_ok=True)

    def write(self, members: dict[str, bytes], about: dict[str, Any]) -> None:
        """Write a file beside the others, and then remove those that are too many."""
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
                "The one before is complete, and another call of fit goes on from it"
                if has_older
                else "There is none before it, so that another call of fit starts anew"
            )
            what = f"the checkpoint of epoch {n_epochs} could not be written. {then}"
            raise self._explain(error, what) from error

    def close(self, *, remove: bool = False) -> None:
        """Let others write here, and before that remove all files where asked."""
        if remove:
            shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()
        if remove:
            with suppress(OSError):  # another process is in a folder beside
                self.path.parent.rmdir()

    def _files(self) -> list[Path]:
        """Return the files, the last epoch at the end."""
        found = [one for one in self.path.iterdir() if _FILE.fullmatch(one.name)]
        return sorted(found, key=lambda one: int(one.stem.partition("-")[2]))

    def _explain(self, error: OSError, what: str) -> OSError:
        """Return an error of the same class, which OSError chooses by the number."""
        text = f"{self.who}: {what}: {error.strerror or error}"
        return OSError(error.errno, text, error.filename)


def _claim(folder: Path) -> tuple[Path, IO[bytes]]:
    """Return the first numbered folder that is free, and the lock on it."""
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
    """Lock a file until it is closed, and return whether no other has it.

    The system lets go of the lock when the process ends, however it ends.
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
        # Some network folders have no locks. Equal trainings write equal files.
        return fcntl is not None
    return True


def _is_at(lock: IO[bytes], path: Path) -> bool:
    """Return whether a locked file is still the one in the folder."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False
