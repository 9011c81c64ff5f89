"""Word embedding and bidirectional LSTM for each member."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from sklearn_mtl.modules._linear import MemberDropout, RandomPart

__all__ = [
    "BidirectionalLSTM",
    "TextTrunk",
    "UnitDropout",
    "WordDropout",
    "WordEmbedding",
    "give_tokens",
    "split_tokens",
]

# Texts are represented by the hash buckets of their words, with the shape (n_members,
# n_texts, n_tokens, n_buckets). Short words and short texts are padded with 0.


class WordEmbedding(nn.Module):
    """Represent each word by its vector plus the scaled sum of those of its n-grams.

    The first bucket of a word is that of the whole word. The sum is divided by the
    square root of the number of n-grams. Initially, its norm is about that of the
    vector of the whole word, so that unseen words are read by their n-grams.

    Parameters
    ----------
    n_members, n_buckets, size : int
        Number of members, number of buckets, and size of the vectors.
    """

    def __init__(self, n_members: int, n_buckets: int, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n_members, n_buckets, size))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n_members, ..., n_stored) to (n_members, ..., size)."""
        n_members, n_buckets, size = self.weight.shape
        is_stored = x > 0
        # the vectors of all members are one table, so that one call is enough; bucket
        # numbers start at 1
        first = torch.arange(n_members, device=x.device) * n_buckets - 1
        counts = is_stored.sum(dim=-1, keepdim=True)
        # one bag with weights: a second one would have a second gradient of this size
        shares = (counts - 1).clamp(min=1).to(self.weight.dtype).rsqrt()
        is_word = torch.arange(x.shape[-1], device=x.device) == 0
        shares, table = torch.where(is_word, 1.0, shares), self.weight.view(-1, size)
        at = x + first.view(-1, *[1] * (x.ndim - 1))
        if not x.is_cpu:
            # a mask as an index would make the host wait for the GPU
            at, shares = at.clamp(min=0).flatten(0, -2), shares * is_stored
            sums = F.embedding_bag(
                at, table, mode="sum", per_sample_weights=shares.flatten(0, -2)
            )
            return sums.view(*x.shape[:-1], size)
        flat = counts.view(-1)
        out = F.embedding_bag(
            at[is_stored],
            table,
            flat.cumsum(0) - flat,
            mode="sum",
            per_sample_weights=shares[is_stored],
        )
        return out.view(*x.shape[:-1], size)

    @torch.no_grad()
    def draw(self, generators: Sequence[Generator]) -> None:
        """Draw normal numbers for each member, such that vectors have norm 1."""
        std = self.weight.shape[2] ** -0.5
        for weight, generator in zip(self.weight, generators, strict=True):
            weight.normal_(std=std, generator=generator)


class BidirectionalLSTM(nn.Module):
    """One LSTM layer in both directions, which ignores padding.

    Parameters
    ----------
    n_members, n_in, width : int
        Number of members, number of inputs, and number of units in each direction.
    """

    def __init__(self, n_members: int, n_in: int, width: int) -> None:
        super().__init__()
        self.width = width
        # torch has no batched LSTM, so each member and direction has a separate one
        self.members = nn.ModuleList(
            nn.ModuleList(_unset_lstm(n_in, width) for _ in range(2))
            for _ in range(n_members)
        )
        for parameter in self.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor, backwards: Tensor) -> Tensor:
        """Map (n_members, n_tokens, n_texts, n_in) to (..., 2 * width).

        `backwards` (n_members, n_tokens * n_texts) has the position of each token in
        the reversed texts, with the tokens of all texts in one axis.
        """
        # Padding is last in both directions and does not affect the tokens before it. A
        # packed sequence is equivalent, but a step takes 1.4 times as long.
        out = []
        for member, rows, order in zip(self.members, x, backwards, strict=True):
            forwards, reverse = member.children()
            turned = rows.flatten(0, 1).index_select(0, order).view_as(rows)
            ahead, _ = forwards(rows)
            back, _ = reverse(turned)
            back = back.flatten(0, 1).index_select(0, order).view_as(back)
            out.append(torch.cat([ahead, back], dim=-1))
        return out[0].unsqueeze(0) if len(out) == 1 else torch.stack(out)

    @torch.no_grad()
    def draw(self, generators: Sequence[Generator]) -> None:
        """Draw uniformly from [-b, b] for each member, b = 1 / sqrt(width)."""
        bound = 1.0 / math.sqrt(self.width)
        for member, generator in zip(self.members, generators, strict=True):
            for parameter in member.parameters():
                parameter.uniform_(-bound, bound, generator=generator)


def _unset_lstm(n_in: int, width: int) -> nn.LSTM:
    """Return an uninitialised layer, because torch would use its global generator."""
    return nn.LSTM(n_in, width, device="meta").to_empty(device="cpu")


class WordDropout(RandomPart):
    """Set whole tokens to zero during training.

    Parameters
    ----------
    p : float
        Fraction of the tokens.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, z: Tensor) -> Tensor:
        """Drop tokens of (n_members, n_tokens, n_texts, size)."""
        if not self.training or self.p == 0.0 or self.generators is None:
            return z
        keep = z.new_empty(*z.shape[:3], 1)
        for member, generator in enumerate(self.generators):
            keep[member].bernoulli_(1.0 - self.p, generator=generator)
        # not scaled up, because the norm indicates whether a word is present
        return z * keep


class UnitDropout(MemberDropout):
    """Drop the same units for all tokens of a text during training.

    Parameters
    ----------
    p : float
        Fraction of the units.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Drop units of (n_members, n_tokens, n_texts, n_units)."""
        return x * super().forward(torch.ones_like(x[:, :1]))


class TextTrunk(nn.Module):
    """Word embedding, bidirectional LSTM layers, and max-pooling over the tokens.

    Parameters
    ----------
    embedding : WordEmbedding
        First layer.
    layers : sequence of BidirectionalLSTM
        LSTM layers.
    word_dropout, embedding_dropout, dropout : float
        Dropout rates of tokens, of entries of the token vectors, and of units of each
        LSTM layer.

    Attributes
    ----------
    gives_tokens : bool
        Whether `forward` also returns all tokens, for token tasks.
    """

    gives_tokens = False

    def __init__(
        self,
        embedding: WordEmbedding,
        layers: Sequence[BidirectionalLSTM],
        word_dropout: float,
        embedding_dropout: float,
        dropout: float,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.layers = nn.ModuleList(layers)
        self.word_dropout = WordDropout(word_dropout)
        self.embedding_dropout = UnitDropout(embedding_dropout)
        self.dropout = UnitDropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return representations of texts, followed by tokens if `gives_tokens`.

        Shapes: x (n_members, n_texts, n_tokens, n_buckets) -> (n_members, n_texts [+
        n_texts * n_tokens], 2 * width).
        """
        # the first bucket is that of the whole word; it is 0 for padding only
        is_token = x[..., 0] > 0
        backwards = _backwards(is_token)
        z = self.embedding(x.transpose(1, 2))  # (n_members, n_tokens, n_texts, size)
        z = self.embedding_dropout(self.word_dropout(z))
        for layer in self.layers:
            z = self.dropout(layer(z, backwards))
        z = z.transpose(1, 2)
        hidden = z.masked_fill(~is_token.unsqueeze(-1), -torch.inf).amax(dim=2)
        # the maximum of an empty text is set to 0
        pooled = torch.where(is_token.any(dim=2, keepdim=True), hidden, 0.0)
        if not self.gives_tokens:
            return pooled
        return torch.cat([pooled, z.flatten(1, 2)], dim=1)


def split_tokens(rows: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """Split rows into texts and tokens, without padding; equal texts in all members.

    Shapes: rows (n_members, n_texts + n_texts * n_tokens, n), x (n_members, n_texts,
    n_tokens, n_buckets) -> (n_members, n_texts, n), (n_members, n_all_tokens, n).
    """
    n_texts = x.shape[1]
    is_token = (x[0, ..., 0] > 0).flatten()
    return rows[:, :n_texts], rows[:, n_texts:][:, is_token]


def give_tokens(trunk: nn.Module, wanted: bool) -> None:
    """Set whether a trunk returns tokens in addition to texts."""
    for part in trunk.modules():
        if isinstance(part, TextTrunk):
            part.gives_tokens = wanted


def _backwards(is_token: Tensor) -> Tensor:
    """Return the position of each token in the reversed texts.

    The positions are row numbers after merging the axes of tokens and texts.

    Shapes: is_token (n_members, n_texts, n_tokens) -> (n_members, n_tokens * n_texts).
    """
    _, n_texts, n_tokens = is_token.shape
    at = torch.arange(n_tokens, device=is_token.device)
    mirrored = is_token.sum(dim=2, keepdim=True) - 1 - at
    rows = torch.where(mirrored >= 0, mirrored, at)  # padding is not moved
    texts = torch.arange(n_texts, device=is_token.device)[:, None]
    return (rows * n_texts + texts).transpose(1, 2).flatten(1)
