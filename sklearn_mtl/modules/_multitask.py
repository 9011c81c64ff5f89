"""Trunk and heads as one module."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from sklearn_mtl.modules._inputs import EmbeddingLayer
from sklearn_mtl.modules._linear import MemberLinear
from sklearn_mtl.modules._normalization import use_sample_weights
from sklearn_mtl.modules.heads._feedback import FeedbackTail
from sklearn_mtl.modules.heads._spec import HeadTail
from sklearn_mtl.modules.heads._tag_chain import TagChain
from sklearn_mtl.modules.heads._task_heads import TaskHeads
from sklearn_mtl.modules.heads._token_levels import TokenLevels
from sklearn_mtl.modules.trunks._conv_trunk import ConvTrunk
from sklearn_mtl.modules.trunks._task_trunk import Parts, TaskTrunk
from sklearn_mtl.modules.trunks._text_trunk import TextTrunk

__all__ = ["MultiTaskModule"]

# Numbers of activations that fit in the processor's cache:
_UNITS_AT_ONCE = 2**18  # of a dense layer
_EMBEDDED_AT_ONCE = 2**22  # of the embedding of numeric columns
_VALUES_AT_ONCE = 2**20  # of images after the convolutions
_TEXTS_AT_ONCE = 128
_MORE_ON_GPU = 16  # times as many, so that the time to start kernels does not matter


class MultiTaskModule(nn.Module):
    """A trunk and the heads of all tasks.

    Attributes
    ----------
    trunk_dtype : torch.dtype or None
        Type in which the trunk computes matrix products and convolutions, by
        torch.autocast; None for the dtype of the parameters, which the heads always
        use.
    gradient_scale : Tensor of shape () or None
        Factor of all gradients, against underflow in float16; set during training only.
    label_scale : Tensor of shape (n_members, 1, n_tasks) or None
        Factor that converts the weights of a batch to label weights, by removing the
        normalisation of each task; set during training only.
    of_tokens : Tensor of shape (n_outputs,), bool, or None
        Mask of the outputs of token tasks; None without token tasks. The rows of tokens
        follow those of the texts.
    chain : TagChain or None
        Conditional random field over the tags of neighbouring tokens.
    """

    trunk_dtype: torch.dtype | None = None
    gradient_scale: Tensor | None = None
    label_scale: Tensor | None = None
    of_tokens: Tensor | None
    _weighs_rows = False

    def __init__(
        self,
        inputs: nn.Module,
        trunk: nn.Module,
        heads: MemberLinear,
        tail: HeadTail | None = None,
        of_tokens: Tensor | None = None,
        chain: TagChain | None = None,
    ) -> None:
        super().__init__()
        self.inputs = inputs
        self.trunk = trunk
        self.heads = heads
        self.tail = tail
        self.chain = chain
        self.register_buffer("of_tokens", of_tokens, persistent=False)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Set the attributes; older pickles have no tokens and chains."""
        state["_buffers"].setdefault("of_tokens", None)
        state["_modules"].setdefault("chain", None)
        super().__setstate__(state)  # type: ignore[no-untyped-call]

    def start(self, weights: Tensor, factor: Tensor) -> None:
        """Use the weights of all labels before training.

        Shapes: weights (n_rows or 1, n_tasks), factor (n_members, 1, n_tasks).
        """
        self.label_scale = torch.where(factor > 0, 1.0 / factor, 0.0)
        by_row = weights.amax(dim=1)
        # Weights affect only the statistics of batch norm, unless they are all equal.
        has_averages = use_sample_weights(self, None)
        self._weighs_rows = has_averages and bool((by_row != by_row[0]).any())

    def see(self, weights: Tensor) -> None:
        """Use the label weights (n_members, n_rows or 1, n_tasks) of a batch."""
        if self._weighs_rows and self.label_scale is not None:
            use_sample_weights(self, (weights * self.label_scale).amax(dim=-1))

    def end(self) -> None:
        """Remove the weights after training."""
        self.label_scale, self._weighs_rows = None, False
        use_sample_weights(self, None)

    @property
    def has_one_representation(self) -> bool:
        """True if all heads have the same input."""
        return not isinstance(self.trunk, TaskTrunk)

    @property
    def is_linear_in_one_representation(self) -> bool:
        """True if the logits are one linear map of the shared representation."""
        has_one = self.has_one_representation and self.of_tokens is None
        return has_one and self.tail is None

    @property
    def n_shared(self) -> int:
        """Width of the shared representation of a member."""
        if isinstance(self.trunk, TaskTrunk):
            return self.trunk.n_shared
        return self.heads.weight.shape[1]

    @property
    def n_rows_at_once(self) -> int:
        """Number of rows per chunk in prediction, chosen for speed and memory."""
        n_members, *shape = self.heads.weight.shape
        width = max(self.n_shared, *shape, 1)
        more = 1 if self.heads.weight.is_cpu else _MORE_ON_GPU
        n_rows = max(128, more * _UNITS_AT_ONCE // (n_members * width))
        for part in self.inputs.modules():
            if isinstance(part, EmbeddingLayer):
                at_once = more * _EMBEDDED_AT_ONCE // (n_members * part.n_values)
                n_rows = min(n_rows, max(128, at_once))
        for part in self.trunk.modules():
            if isinstance(part, TextTrunk):
                return more * _TEXTS_AT_ONCE
            if isinstance(part, ConvTrunk):
                at_once = more * _VALUES_AT_ONCE // (n_members * part.n_values)
                n_rows = min(n_rows, max(8, at_once))
        return n_rows

    def encode(self, x: Tensor) -> Parts:
        """Return the shared representation, or the parts of a TaskTrunk.

        With token tasks, also return the mask of real tokens, (n_members, n_texts,
        n_tokens).
        """
        if self.trunk_dtype is None:
            return self._parts(x)
        with torch.autocast(x.device.type, self.trunk_dtype):
            parts = self._parts(x)
        # half precision is not enough for heads and losses
        dtype = self.heads.weight.dtype
        return tuple(p.to(dtype) if p.is_floating_point() else p for p in parts)

    def _parts(self, x: Tensor) -> Parts:
        encoded = self.trunk(self.inputs(x))
        if isinstance(self.trunk, TaskTrunk):
            return encoded
        return (encoded,) if self.of_tokens is None else (encoded, x[..., 0] > 0)

    def decode(self, parts: Parts) -> Tensor:
        """Return the logits of all tasks, (n_members, n_rows, n_outputs)."""
        if isinstance(self.trunk, TaskTrunk) and isinstance(self.heads, TaskHeads):
            maps = self.trunk.apply_heads(parts, self.heads)
        else:
            maps = self.heads(parts[0])
        if self.of_tokens is not None and isinstance(self.tail, FeedbackTail):
            logits = self.tail(maps, TokenLevels(parts[1], self.of_tokens))
        else:
            logits = maps if self.tail is None else self.tail(maps)
        if self.chain is not None:
            logits = self.chain(logits, parts[1])
        return self._scaled(logits)

    def _scaled(self, root: Tensor) -> Tensor:
        """Multiply the gradients of a root of the backward pass by `gradient_scale`."""
        if self.gradient_scale is not None and root.requires_grad:
            root.register_hook(self.gradient_scale.mul)  # type: ignore[no-untyped-call]
        return root

    def head_inputs(self, parts: Parts) -> Tensor:
        """Return the inputs of the heads.

        Shapes: -> (n_members, 1 or n_tasks, n_rows, n_hidden).
        """
        if isinstance(self.trunk, TaskTrunk):
            return self.trunk.gather(parts)
        return parts[0].unsqueeze(1)

    def penalty(self, parts: Parts, weights: Tensor) -> Tensor | None:
        """Return the penalty of the trunk for each member, or None.

        Shapes: weights (n_members, n_rows, n_tasks) -> (n_members,).
        """
        if not isinstance(self.trunk, TaskTrunk):
            return None
        if self.label_scale is not None:
            weights = weights * self.label_scale
        found: Tensor | None = self.trunk.penalty(parts, weights)
        return None if found is None else self._scaled(found)

    def represent(self, x: Tensor) -> Tensor:
        """Return the shared representation (n_members, n_rows, n_shared)."""
        parts = self.encode(x)
        if isinstance(self.trunk, TaskTrunk):
            return self.trunk.share(parts)
        return parts[0][:, : x.shape[1]]  # without tokens

    def represent_task(self, x: Tensor, place: int) -> Tensor:
        """Return the input of one task's head.

        Shapes: x (n_members, n_rows, n_features) -> (n_members, n_rows,
        n_hidden).
        """
        parts = self.encode(x)
        if isinstance(self.trunk, TaskTrunk):
            return self.trunk.gather(parts)[:, place]
        return parts[0][:, : x.shape[1]]

    def head_parameters(self) -> list[nn.Parameter]:
        """Return the trainable parameters of the heads."""
        parts = [self.heads, self.tail, self.chain]
        found = [p for part in parts if part is not None for p in part.parameters()]
        return [parameter for parameter in found if parameter.requires_grad]

    def shared_parameters(self) -> list[nn.Parameter]:
        """Return the trainable parameters on which several task losses depend."""
        if isinstance(self.trunk, TaskTrunk):
            found = self.trunk.shared_parameters()
        else:
            found = list(self.trunk.parameters())
        return [parameter for parameter in found if parameter.requires_grad]

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of all tasks, (n_members, n_rows, n_outputs)."""
        return self.decode(self.encode(x))
