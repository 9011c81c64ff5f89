"""What tasks of texts and tasks of tokens read of each other."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["TokenLevels"]


@dataclass(frozen=True)
class TokenLevels:
    """Which rows are tokens of which text, and which outputs are tags of tokens.

    Attributes
    ----------
    is_token : Tensor of shape (n_members, n_texts, n_tokens), bool
        False for padding. The rows of the texts stand above those of their tokens.
    of_tokens : Tensor of shape (n_outputs,), bool
        Whether an output is that of a task of tokens.
    """

    is_token: Tensor
    of_tokens: Tensor

    def exchange(self, soft: Tensor) -> Tensor:
        """Replace outputs in rows of the other level by what is said at their own.

        A text reads the largest probability that any of its tokens gives a tag, and a
        token reads what is said of its text.

        Shapes: soft (n_members, n_texts + n_texts * n_tokens, n_outputs) -> the same.
        """
        n_texts = self.is_token.shape[1]
        texts = soft[:, :n_texts]
        tokens = soft[:, n_texts:].view(*self.is_token.shape, -1)
        largest = tokens.masked_fill(~self.is_token.unsqueeze(-1), 0.0).amax(dim=2)
        texts, tokens = (
            torch.where(self.of_tokens, largest, texts),
            torch.where(self.of_tokens, tokens, texts.unsqueeze(2)),
        )
        return torch.cat([texts, tokens.flatten(1, 2)], dim=1)
