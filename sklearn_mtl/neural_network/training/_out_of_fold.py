"""Out-of-fold predictions of the training samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.neural_network.data._batches import HeldOutRows
from sklearn_mtl.neural_network.data._tags import LabelledTexts
from sklearn_mtl.neural_network.training._state import NetState

__all__ = ["out_of_fold"]


def out_of_fold(state: NetState, held_out: HeldOutRows) -> list[Any]:
    """Return the outputs for every sample, computed by the member that held it out."""
    data, n_outputs = held_out.data, state.encoder.layout.n_outputs
    fused, of_tokens = np.empty((len(held_out), n_outputs)), None
    if isinstance(data, LabelledTexts):
        of_tokens = np.empty((len(data.tag_targets), n_outputs))
    known = state.encoder.known_outputs()
    for index, logits in state.net.held_out_logits(held_out):
        activated = state.encoder.activate(logits).double().cpu().numpy()
        if known is not None:
            activated = np.where(known, activated, np.nan)
        rows = index.cpu().numpy()
        fused[rows[rows >= 0]] = activated[:, : rows.shape[1]][rows >= 0]
        if of_tokens is not None and isinstance(data, LabelledTexts):
            numbers, is_token = data.tokens(index.clamp(min=0))
            seen = is_token & data.spread(index >= 0, index)[:, rows.shape[1] :]
            of_tokens[numbers[seen]] = activated[:, rows.shape[1] :][seen]
    outputs: list[Any] = state.encoder.split(fused)
    if of_tokens is not None and isinstance(data, LabelledTexts):
        for t, output in enumerate(state.encoder.split(of_tokens)):
            if state.encoder.task_set.tasks[t].is_tokens:
                outputs[t] = np.split(output, data.offsets[1:].numpy())
    return outputs
