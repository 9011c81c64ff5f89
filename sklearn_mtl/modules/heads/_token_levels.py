"""Exchange of outputs between text tasks and token tasks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["TokenLevels"]


@dataclass(frozen=True)
class TokenLevels:
    """Assignment of rows to texts and tokens, and of outputs to token tasks.

    Attributes
    ----------
    is_token : Tensor of shape (n_members, n_texts, n_tokens), bool
        False for padding. The rows of tokens follow those of the texts.
    of_tokens : Tensor of shape (n_outputs,), bool
        Mask of the outputs of token tasks.
    """

    is_token: Tensor
    of_tokens: Tensor

    def exchange(self, soft: Tensor) -> Tensor:
        """Replace outputs of token tasks for texts, and of text tasks for tokens.

        For a text, the output of a token task is the maximum probability of each tag
        over its tokens. For a token, the output of a text task is that for its text.

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
