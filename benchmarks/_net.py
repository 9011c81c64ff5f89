"""Net used by several benchmarks: the estimator, and parts for hand-written loops."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import nn

from sklearn_mtl import MultiTaskClassifier

N_FEATURES, WIDTH, BATCH, LR = 64, 256, 256, 1e-3


def make_trunk(activation: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    """Return the layers that all tasks share."""
    return nn.Sequential(
        nn.Linear(N_FEATURES, WIDTH),
        activation(),
        nn.Linear(WIDTH, WIDTH),
        activation(),
    )


class Heads(nn.Module):
    """The shared layers and a head for each task."""

    def __init__(
        self, widths: Iterable[int], activation: type[nn.Module] = nn.ReLU
    ) -> None:
        super().__init__()
        self.trunk = make_trunk(activation)
        self.heads = nn.ModuleList(nn.Linear(WIDTH, width) for width in widths)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Return the logits (n_rows, width) of each task."""
        z = self.trunk(x)
        return [head(z) for head in self.heads]


def fit_ours(X: np.ndarray, y: np.ndarray, epochs: int) -> MultiTaskClassifier:
    """Fit the estimator with the same net, as the loops do."""
    return MultiTaskClassifier(
        hidden_layer_sizes=(WIDTH, WIDTH),
        activation="relu",
        dropout=0.0,
        numeric_embedding=None,
        optimizer="adam",
        lr=LR,
        lr_schedule="constant",
        weight_decay=0.0,
        batch_size=BATCH,
        max_epochs=epochs,
        early_stopping=False,
        n_members=1,
        random_state=0,
    ).fit(X, y)
