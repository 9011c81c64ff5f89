"""Conditional random field over the tags of each text."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

__all__ = ["TagChain", "log_marginals"]


class TagChain(nn.Module):
    """Linear-chain conditional random fields, one for each token task.

    The logits of tokens are mapped to logits of the marginal probabilities of their
    tags. The objective is the mean log-loss of the marginals, so that losses, missing
    tags and predictions need no special treatment. The scores of pairs of tags are
    initialised with zeros, for which the logits do not change.

    Parameters
    ----------
    n_members : int
        Number of independent members.
    columns : dict of int to slice
        Logits of each token task, by its index in the layout.

    References
    ----------
    J. Lafferty, A. McCallum, F. Pereira, "Conditional Random Fields", ICML 2001; S.
    Kakade, Y. W. Teh, S. Roweis, "An Alternate Objective Function for Markovian
    Fields", ICML 2002, for the loss of marginals.
    """

    def __init__(self, n_members: int, columns: Mapping[int, slice]) -> None:
        super().__init__()
        self.places = list(columns)
        self.columns = [list(range(*one.indices(one.stop))) for one in columns.values()]
        # the last row is for the start of a text, the last column for its end
        sizes = [max(len(one), 2) + 1 for one in self.columns]
        self.scores = nn.ParameterList(torch.zeros(n_members, n, n) for n in sizes)

    def owners(self) -> list[tuple[nn.Parameter, Tensor]]:
        """Return the scores with the task index of each of their columns."""
        pairs = zip(self.places, self.scores, strict=True)
        return [(one, torch.full(one.shape[2:], place)) for place, one in pairs]

    def forward(self, logits: Tensor, is_token: Tensor) -> Tensor:
        """Replace the logits of tokens, and keep those of texts.

        Shapes: logits (n_members, n_texts + n_texts * n_tokens, n_outputs), is_token
        (n_members, n_texts, n_tokens) -> shape of logits.
        """
        n_texts = is_token.shape[1]
        texts, tokens = logits[:, :n_texts], logits[:, n_texts:]
        for columns, scores in zip(self.columns, self.scores, strict=True):
            at = torch.tensor(columns).to(logits.device, non_blocking=True)
            own = tokens.index_select(2, at).view(*is_token.shape, -1)
            found = _chained(own, scores, is_token).flatten(1, 2)
            # not in place, which batched gradients of several tasks do not support
            tokens = tokens.index_copy(2, at, found)
        return torch.cat([texts, tokens], dim=1)


def _chained(logits: Tensor, scores: Tensor, is_token: Tensor) -> Tensor:
    """Return the logits of the marginal probabilities; two tags have one logit."""
    if logits.shape[-1] > 1:
        return log_marginals(logits, scores, is_token)
    pair = torch.cat([torch.zeros_like(logits), logits], dim=-1)
    return log_marginals(pair, scores, is_token).diff(dim=-1)


def log_marginals(logits: Tensor, scores: Tensor, is_token: Tensor) -> Tensor:
    """Return the logarithms of the marginal probabilities of tags.

    The last row of the scores is for the first tag of a text, and the last column is
    for its last tag.

    Shapes: logits (n_members, n_texts, n_tokens, n_tags), scores (n_members, n_tags +
    1, n_tags + 1), is_token (n_members, n_texts, n_tokens) -> shape of logits.
    """
    mirror = _mirror(is_token).unsqueeze(-1).expand_as(logits)
    # Both directions at once. Padding is last in both, so it does not affect tokens.
    both = torch.stack([logits, logits.gather(2, mirror)])
    weights = (both - both.detach().amax(dim=-1, keepdim=True)).exp()
    pairs = scores[:, :-1, :-1].exp()
    steps = torch.stack([pairs, pairs.mT])
    ends = torch.stack([scores[:, -1, :-1], scores[:, :-1, -1]]).exp()
    given = ends.unsqueeze(2).expand_as(weights[..., 0, :])
    said = [given]
    for now in weights.unbind(dim=3)[:-1]:
        state = now * given
        given = (state / state.sum(dim=-1, keepdim=True)) @ steps
        said.append(given)
    before, after = torch.stack(said, dim=3).log()
    return (logits + before + after.gather(2, mirror)).log_softmax(dim=-1)


def _mirror(is_token: Tensor) -> Tensor:
    """Return the position of each token in the reversed text."""
    at = torch.arange(is_token.shape[2], device=is_token.device)
    mirrored = is_token.sum(dim=2, keepdim=True) - 1 - at
    return torch.where(mirrored >= 0, mirrored, at)  # padding is not moved
