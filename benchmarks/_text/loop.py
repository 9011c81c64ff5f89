"""The default net of texts in plain PyTorch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from sklearn_mtl.modules import Text
from sklearn_mtl.preprocessing import Texts, read_texts

__all__ = ["PlainLoop"]


class _Chain(nn.Module):
    """Marginal probabilities of tags by a pass over the tokens in each direction."""

    def __init__(self, n_tags: int) -> None:
        super().__init__()
        self.pairs = nn.Parameter(torch.zeros(n_tags, n_tags))
        self.first = nn.Parameter(torch.zeros(n_tags))
        self.last = nn.Parameter(torch.zeros(n_tags))

    def forward(self, z: Tensor, is_token: Tensor) -> Tensor:
        """Map logits (n_texts, n_tokens, n_tags) to log-probabilities."""
        weights = (z - z.detach().amax(dim=-1, keepdim=True)).exp()
        pairs, last = self.pairs.exp(), self.last.exp().expand_as(z[:, 0])
        before, after = [self.first.exp().expand_as(z[:, 0])], [last]
        for t in range(z.shape[1] - 1):
            state = weights[:, t] * before[-1]
            before.append(state / state.sum(dim=1, keepdim=True) @ pairs)
        for t in range(z.shape[1] - 1, 0, -1):
            state = weights[:, t] * after[-1]
            given = state / state.sum(dim=1, keepdim=True) @ pairs.T
            after.append(torch.where(is_token[:, t, None], given, last))
        both = [torch.stack(before, dim=1), torch.stack(after[::-1], dim=1)]
        return (z + both[0].log() + both[1].log()).log_softmax(dim=-1)


class _Net(nn.Module):
    """Embedded n-grams, a packed bidirectional LSTM, and one head per task."""

    def __init__(self, spec: Text, n_intents: int, n_tags: int) -> None:
        super().__init__()
        size, width = spec.embedding_size, spec.width
        self.embedding = nn.EmbeddingBag(spec.n_buckets, size, mode="sum")
        sizes = [size, *[2 * width] * (spec.n_layers - 1)]
        self.layers = nn.ModuleList(
            nn.LSTM(n_in, width, batch_first=True, bidirectional=True) for n_in in sizes
        )
        self.embedding_dropout = spec.embedding_dropout
        self.dropout = spec.dropout
        self.word_dropout = spec.word_dropout
        self.intent = nn.Linear(2 * width, n_intents)
        self.slots = nn.Linear(2 * width, n_tags)
        self.chain = _Chain(n_tags)

    def forward(
        self, ids: Tensor, offsets: Tensor, shares: Tensor, lengths: Tensor
    ) -> tuple:
        """Return logits of intents, of the tags of all tokens, and which there are."""
        is_token = torch.arange(int(lengths.max())) < lengths[:, None]
        vectors = self.embedding(ids, offsets, shares)
        z = vectors.new_zeros(*is_token.shape, vectors.shape[1])
        z[is_token] = vectors
        z = z * (torch.rand(*z.shape[:2], 1) > self.word_dropout)
        z = z * F.dropout(torch.ones_like(z[:, :1]), self.embedding_dropout)
        for layer in self.layers:
            packed = pack_padded_sequence(
                z, lengths, batch_first=True, enforce_sorted=False
            )
            z, _ = pad_packed_sequence(layer(packed)[0], True)
            z = z * F.dropout(torch.ones_like(z[:, :1]), self.dropout)
        pooled = z.masked_fill(~is_token.unsqueeze(-1), -torch.inf).amax(dim=1)
        return self.intent(pooled), self.chain(self.slots(z), is_token)[is_token]


class PlainLoop:
    """Train the net on batches that are sorted by length in pools of fifty."""

    def __init__(self, spec: Text, X: Sequence[list[str]], y: pd.DataFrame) -> None:
        reader = type("Reader", (), {})()
        self.spec, self.texts = spec, read_texts(reader, X, spec, reset=True)
        self.batches = [self._batch(rows, y) for rows in self._pools()]
        counts = [y.intent.nunique(), y.slots.explode().nunique()]
        self.net = _Net(spec, *counts)

    def _pools(self) -> list[np.ndarray]:
        rng, n = np.random.default_rng(0), len(self.texts)
        order = rng.permutation(n)
        pool = np.arange(n) // (50 * self.spec.largest_batch)
        order = order[np.lexsort([self.texts.lengths[order], pool])]
        batches = np.array_split(order, -(-n // self.spec.largest_batch))
        return [batches[number] for number in rng.permutation(len(batches))]

    def _batch(self, rows: np.ndarray, y: pd.DataFrame) -> tuple:
        some: Texts = self.texts[rows]
        counts = np.diff(some.starts)[some.tokens]
        ids = np.concatenate(
            [some.buckets[some.starts[w] : some.starts[w + 1]] for w in some.tokens]
        )
        _, intents = np.unique(y.intent, return_inverse=True)
        tags = y.slots.explode().unique()
        numbers = {tag: number for number, tag in enumerate(sorted(tags))}
        slots = [numbers[tag] for row in rows for tag in y.slots[row]]
        starts = counts.cumsum() - counts
        shares = np.repeat(np.maximum(counts - 1, 1), counts).astype(np.float32) ** -0.5
        shares[starts] = 1.0  # the vector of the whole word
        ids, lengths = torch.as_tensor(ids - 1).long(), torch.as_tensor(some.lengths)
        inputs = ids, torch.as_tensor(starts), torch.as_tensor(shares), lengths
        return inputs, torch.as_tensor(intents[rows]), slots

    def epoch(self) -> None:
        """Train once on all batches, which are ready before."""
        optimizer = torch.optim.AdamW(
            self.net.parameters(), lr=3e-3, weight_decay=0.01, fused=True
        )
        self.net.train()
        for inputs, intents, slots in self.batches:
            of_intents, of_slots = self.net(*inputs)
            loss = F.cross_entropy(of_intents, intents)
            loss = loss + F.cross_entropy(of_slots, torch.as_tensor(slots))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
