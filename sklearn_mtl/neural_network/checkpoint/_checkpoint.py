"""Checkpoint of one call of fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn_mtl.neural_network.checkpoint._fingerprint import Training, fingerprint
from sklearn_mtl.neural_network.checkpoint._folder import RunFolder
from sklearn_mtl.neural_network.checkpoint._graph import Surroundings
from sklearn_mtl.neural_network.checkpoint._history import HistoryWriter
from sklearn_mtl.neural_network.checkpoint._snapshot import (
    compare,
    put_back,
    surrounding_things,
    take,
    varied_parts,
)
from sklearn_mtl.neural_network.training._net import MultiTaskNet
from sklearn_mtl.neural_network.training._state import NetState
from sklearn_mtl.persistence import BROKEN, NotAllowedError

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet


__all__ = ["Checkpoint", "open_checkpoint"]


class Checkpoint:
    """Write the state of training after each epoch, and resume from the last one.

    Parameters
    ----------
    folder : RunFolder
        Folder of the files.
    seed : int
        Seed of this call, used if there is no file.

    Attributes
    ----------
    seed : int
        Seed of the resumed or new training.
    """

    def __init__(self, folder: RunFolder, seed: int) -> None:
        self.folder = folder
        self._saved = folder.saved()
        self.seed = seed if self._saved is None else int(self._saved.about["seed"])
        self._n_epochs = 0
        self._history = HistoryWriter()
        self._surroundings: Surroundings | None = None

    def resume(self, net: MultiTaskNet) -> tuple[int, bool]:
        """Restore the last valid state in a net that starts training.

        Return the number of completed epochs, and whether training is complete.
        """
        things, parts = surrounding_things(net), varied_parts(net)
        self._surroundings = Surroundings(things, parts)
        saved, self._saved = self._saved, None
        while saved is not None:
            try:
                state = self._surroundings.read(saved.members, saved.budget)
                compare(net, state)
            except (*BROKEN, NotAllowedError) as error:
                self.folder.discard(saved.path, error)
                saved = self.folder.saved()
                continue
            put_back(net, state)
            self._n_epochs = saved.about["n_epochs"]
            return self._n_epochs, saved.about["is_complete"]
        return 0, False

    def write(self, net: MultiTaskNet, *, is_complete: bool) -> None:
        """Write the state after an epoch, or after a callback has stopped training."""
        assert self._surroundings is not None  # for the type checker
        self._n_epochs += 1
        try:
            history = self._history.write(list(net.history_))
            members = self._surroundings.write({**take(net), "history": history})
        except TypeError as error:
            raise TypeError(
                f"{net.who}: the state of training cannot be written to a checkpoint: "
                f"{error}, which did not exist when training started. Create it in "
                "on_train_begin, or define state_dict and load_state_dict in the "
                "callback."
            ) from error
        about = {
            "n_epochs": self._n_epochs,
            "seed": self.seed,
            "is_complete": is_complete,
        }
        self.folder.write(members, about)


@contextmanager
def open_checkpoint(
    model: BaseMultiTaskNet, training: Training, seed: int, older: NetState | None
) -> Iterator[Checkpoint]:
    """Yield the checkpoint of a call of fit, with exclusive use of its folder.

    `older` is the state from which a warm start continues, or None.
    """
    is_drawn = older is None and model.random_state is None
    digest = fingerprint(
        model,
        training,
        # a random seed differs between calls; the file contains the one to use
        None if is_drawn else seed,
        older,
    )
    if not model.checkpoint or "\0" in str(model.checkpoint):
        raise ValueError(
            f"{type(model).__name__}: checkpoint={model.checkpoint!r} is not a valid "
            "path; allowed are the path of a folder, '.' for the current folder, and "
            "None."
        )
    folder = RunFolder(Path(model.checkpoint) / digest, type(model).__name__)
    is_done = False
    try:
        yield Checkpoint(folder, seed)
        is_done = True
    finally:
        # with random_state=None, the next call of fit must use another seed
        folder.close(remove=is_done and is_drawn)
