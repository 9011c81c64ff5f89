"""Write the state of a training after each epoch, and go on from the last one."""

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
    """The checkpoint of one call of fit.

    Parameters
    ----------
    folder : RunFolder
        Where the files are.
    seed : int
        Of this call, if there is no file.

    Attributes
    ----------
    seed : int
        Of the training that goes on, or of the new one.
    """

    def __init__(self, folder: RunFolder, seed: int) -> None:
        self.folder = folder
        self._saved = folder.saved()
        self.seed = seed if self._saved is None else int(self._saved.about["seed"])
        self._n_epochs = 0
        self._history = HistoryWriter()
        self._surroundings: Surroundings | None = None

    def resume(self, net: MultiTaskNet) -> tuple[int, bool]:
        """Put the last good state into a net that begins to train.

        Returns the number of epochs that are done, and whether training is over.
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
        """Write the state after an epoch, or when a callback ended training."""
        assert self._surroundings is not None  # for the type checker
        self._n_epochs += 1
        try:
            history = self._history.write(list(net.history_))
            members = self._surroundings.write({**take(net), "history": history})
        except TypeError as error:
            raise TypeError(
                f"{net.who}: the state of training cannot be written to a checkpoint: "
                f"{error}, which was not there when training began. Make it in "
                "on_train_begin, or give the callback state_dict and load_state_dict."
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
    """Yield the checkpoint of a call of fit, which has its folder alone.

    `older` is the state of a net that goes on, or None.
    """
    is_drawn = older is None and model.random_state is None
    digest = fingerprint(
        model,
        training,
        # Each call would draw another one: the file says which it was.
        None if is_drawn else seed,
        older,
    )
    if not model.checkpoint or "\0" in str(model.checkpoint):
        raise ValueError(
            f"{type(model).__name__}: checkpoint={model.checkpoint!r} is no folder; "
            "allowed are a path, '.' for the current folder, and None."
        )
    folder = RunFolder(Path(model.checkpoint) / digest, type(model).__name__)
    is_done = False
    try:
        yield Checkpoint(folder, seed)
        is_done = True
    finally:
        # With random_state=None another call of fit shall draw anew.
        folder.close(remove=is_done and is_drawn)
