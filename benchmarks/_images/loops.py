"""The model of the benchmark in hand-written torch loops."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["BATCH", "LR", "BestLoop", "PlainLoop"]

BATCH, LR = 128, 1e-3
N_CLASSES = (10, 3)


class PlainLoop:
    """The usual loop: channels first, one loss per head, and default Adam."""

    def fit(self, X: np.ndarray, y: np.ndarray, epochs: int) -> PlainLoop:
        x, labels = self.tensor(X), torch.as_tensor(y).long()
        self.net = self.make()
        optimizer = torch.optim.Adam(self.net.parameters(), lr=LR, fused=self.is_fused)
        for _ in range(epochs):
            for rows in torch.randperm(len(x)).split(BATCH):
                self.backward(x[rows], labels[rows])
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
        return self

    is_fused: bool | None = None

    def make(self) -> nn.Module:
        return Textbook()

    def tensor(self, X: np.ndarray) -> Tensor:
        return torch.as_tensor(X / np.float32(255)).view(-1, 1, 28, 28)

    def backward(self, x: Tensor, labels: Tensor) -> None:
        heads = self.net(x)
        sum(F.cross_entropy(z, labels[:, t]) for t, z in enumerate(heads)).backward()

    @torch.inference_mode()
    def predict_proba(self, X: np.ndarray) -> list[np.ndarray]:
        chunks = [self.net(x) for x in self.tensor(X).split(BATCH)]
        heads = [torch.cat(parts).softmax(1) for parts in zip(*chunks, strict=True)]
        return [z.numpy() for z in heads]


class Textbook(nn.Module):
    """Conv 32 3x3 relu, max-pool 2x2, dense 64 relu, two heads."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 32, 3)
        self.dense = nn.Linear(32 * 13 * 13, 64)
        self.heads = nn.ModuleList(nn.Linear(64, k) for k in N_CLASSES)

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = F.max_pool2d(F.relu(self.conv(x)), 2)
        z = F.relu(self.dense(maps.flatten(1)))
        return [head(z) for head in self.heads]


class BestLoop(PlainLoop):
    """The fastest that we know: channels last, pooled first, one head, fused Adam."""

    is_fused = True

    def make(self) -> nn.Module:
        return Fast()

    def tensor(self, X: np.ndarray) -> Tensor:
        pictures = torch.as_tensor(X / np.float32(255)).view(-1, 28, 28, 1)
        return pictures.permute(0, 3, 1, 2)

    def backward(self, x: Tensor, labels: Tensor) -> None:
        z = self.net(x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2))
        with torch.no_grad():
            slopes = []
            for t, part in enumerate(z.split(N_CLASSES, dim=1)):
                slope = part.softmax(dim=1)
                slope[torch.arange(len(z)), labels[:, t]] -= 1.0
                slopes.append(slope / len(z))
        z.backward(torch.cat(slopes, dim=1))

    @torch.inference_mode()
    def predict_proba(self, X: np.ndarray) -> list[np.ndarray]:
        z = torch.cat([self.net(x) for x in self.tensor(X).split(64)])
        return [part.softmax(1).numpy() for part in z.split(N_CLASSES, dim=1)]


class Fast(nn.Module):
    """The same function as `Textbook`."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 32, 3)
        self.dense = nn.Linear(32 * 13 * 13, 64)
        self.heads = nn.Linear(64, sum(N_CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        maps = F.relu(F.max_pool2d(self.conv(x), 2))
        z = F.relu(self.dense(maps.permute(0, 2, 3, 1).flatten(1)))
        return self.heads(z)
