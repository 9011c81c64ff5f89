"""Embedded words and a bidirectional LSTM for each member of an ensemble."""

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
    "WordDropout",
    "WordEmbedding",
    "give_tokens",
    "split_tokens",
]

# Texts come as the buckets of their words, (n_members, n_texts, n_tokens, n_buckets),
# 0 where a word has fewer and where a text has no more words.


class WordEmbedding(nn.Module):
    """The mean of the vectors of a word's buckets.

    Parameters
    ----------
    n_members, n_buckets, size : int
        Number of members, of buckets, and of columns of what comes out.
    """

    def __init__(self, n_members: int, n_buckets: int, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n_members, n_buckets, size))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n_members, ..., n_stored) to (n_members, ..., size)."""
        n_members, n_buckets, size = self.weight.shape
        is_stored = x > 0
        # the vectors of all members are one table, for one call; buckets begin at 1
        first = torch.arange(n_members, device=x.device) * n_buckets - 1
        counts = is_stored.sum(dim=-1).view(-1)
        out = F.embedding_bag(
            (x + first.view(-1, *[1] * (x.ndim - 1)))[is_stored],
            self.weight.view(-1, size),
            counts.cumsum(0) - counts,
            mode="mean",
        )
        return out.view(*x.shape[:-1], size)

    @torch.no_grad()
    def draw(self, generators: Sequence[Generator]) -> None:
        """Draw normal numbers whose vectors have length 1, member by member."""
        std = self.weight.shape[2] ** -0.5
        for weight, generator in zip(self.weight, generators, strict=True):
            weight.normal_(std=std, generator=generator)


class BidirectionalLSTM(nn.Module):
    """One layer that reads each text from both ends, without its padding.

    Parameters
    ----------
    n_members, n_in, width : int
        Number of members, size of the last axis, and units of each direction.
    """

    def __init__(self, n_members: int, n_in: int, width: int) -> None:
        super().__init__()
        self.width = width
        # torch has no LSTM of several members: each has its own, one a direction
        self.members = nn.ModuleList(
            nn.ModuleList(_unset_lstm(n_in, width) for _ in range(2))
            for _ in range(n_members)
        )
        for parameter in self.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor, backwards: Tensor) -> Tensor:
        """Map (n_members, n_tokens, n_texts, n_in) to (..., 2 * width).

        `backwards` says for each token, the tokens of all texts joined, where the text
        read from its end has it, (n_members, n_tokens * n_texts).
        """
        # Padding comes last in both directions, where it changes no token before it. A
        # packed sequence does the same and takes 1.4 times as long for a step.
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
        """Draw uniform within 1 / sqrt(width), as nn.LSTM does, member by member."""
        bound = 1.0 / math.sqrt(self.width)
        for member, generator in zip(self.members, generators, strict=True):
            for parameter in member.parameters():
                parameter.uniform_(-bound, bound, generator=generator)


def _unset_lstm(n_in: int, width: int) -> nn.LSTM:
    """Return a layer without values, which torch would draw from its own generator."""
    return nn.LSTM(n_in, width, device="meta").to_empty(device="cpu")


class WordDropout(RandomPart):
    """Set whole tokens to zero while training.

    Parameters
    ----------
    p : float
        Share of the tokens.
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
        # Not scaled up: a word is there or not, and its size tells which.
        return z * keep


class TextTrunk(nn.Module):
    """Embed words, read them in both directions, and pool each text.

    Parameters
    ----------
    embedding : WordEmbedding
        The first layer.
    layers : sequence of BidirectionalLSTM
        The layers that follow.
    word_dropout, embedding_dropout, dropout : float
        Shares of tokens, of units of the first layer, and of units of each of the
        others that are dropped.

    Attributes
    ----------
    gives_tokens : bool
        Whether `forward` returns all tokens after the texts, for tasks of tokens.
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
        self.embedding_dropout = MemberDropout(embedding_dropout)
        self.dropout = MemberDropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Represent texts, and their tokens below them where `gives_tokens`.

        Shapes: x (n_members, n_texts, n_tokens, n_buckets) -> (n_members, n_texts [+
        n_texts * n_tokens], 2 * width).
        """
        # a word has a bucket of its own, the first: where there is none is padding
        is_token = x[..., 0] > 0
        backwards = _backwards(is_token)
        z = self.embedding(x.transpose(1, 2))  # (n_members, n_tokens, n_texts, size)
        z = self.embedding_dropout(self.word_dropout(z))
        for layer in self.layers:
            z = self.dropout(layer(z, backwards))
        z = z.transpose(1, 2)
        hidden = z.masked_fill(~is_token.unsqueeze(-1), -torch.inf).amax(dim=2)
        # an empty text has no largest value
        pooled = torch.where(is_token.any(dim=2, keepdim=True), hidden, 0.0)
        if not self.gives_tokens:
            return pooled
        return torch.cat([pooled, z.flatten(1, 2)], dim=1)


def split_tokens(rows: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """Take the rows of the same texts for all members apart, without padding.

    Shapes: rows (n_members, n_texts + n_texts * n_tokens, n), x (n_members, n_texts,
    n_tokens, n_buckets) -> (n_members, n_texts, n), (n_members, n_all_tokens, n).
    """
    n_texts = x.shape[1]
    is_token = (x[0, ..., 0] > 0).flatten()
    return rows[:, :n_texts], rows[:, n_texts:][:, is_token]


def give_tokens(trunk: nn.Module, wanted: bool) -> None:
    """Let a trunk return tokens as well as texts, or texts alone."""
    for part in trunk.modules():
        if isinstance(part, TextTrunk):
            part.gives_tokens = wanted


def _backwards(is_token: Tensor) -> Tensor:
    """Return where each token is when texts are read from their ends.

    Shapes: is_token (n_members, n_texts, n_tokens) -> (n_members, n_tokens * n_texts),
    the places in texts whose tokens lie below each other.
    """
    _, n_texts, n_tokens = is_token.shape
    at = torch.arange(n_tokens, device=is_token.device)
    mirrored = is_token.sum(dim=2, keepdim=True) - 1 - at
    rows = torch.where(mirrored >= 0, mirrored, at)  # padding stays where it is
    texts = torch.arange(n_texts, device=is_token.device)[:, None]
    return (rows * n_texts + texts).transpose(1, 2).flatten(1)
