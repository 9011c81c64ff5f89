"""Trunks and heads as a user writes them."""

import torch
from sklearn.base import BaseEstimator
from torch import nn

from sklearn_mtl.modules import (
    HeadSpec,
    HeadTail,
    MemberDropout,
    MemberLinear,
    TaskTrunk,
    TrunkSpec,
    tasks_of_columns,
)


class Wide(TrunkSpec):
    """One layer, of all members in one product."""

    def __init__(self, width=8, dropout=0.0):
        self.width = width
        self.dropout = dropout

    def build(self, n_features, n_members, n_tasks=1):
        return nn.Sequential(
            MemberLinear(n_members, n_features, self.width),
            nn.Tanh(),
            MemberDropout(self.dropout),
        )


class Plain(BaseEstimator):
    """The same in PyTorch's own words: a callable that makes the net of one member."""

    def __init__(self, width=8, dropout=0.0):
        self.width = width
        self.dropout = dropout

    def __call__(self, n_features):
        return nn.Sequential(
            nn.Linear(n_features, self.width), nn.Tanh(), nn.Dropout(self.dropout)
        )


class Halves(TrunkSpec):
    """A part that all tasks share, and one for each."""

    def __init__(self, width=4):
        self.width = width

    def build(self, n_features, n_members, n_tasks=1):
        return HalvesTrunk(n_features, n_members, n_tasks, self.width)


class HalvesTrunk(TaskTrunk):
    def __init__(self, n_features, n_members, n_tasks, width):
        super().__init__()
        self.n_tasks, self.n_shared, self.n_hidden = n_tasks, width, 2 * width
        self.shared = MemberLinear(n_members, n_features, width)
        self.own = MemberLinear(n_members, n_features, n_tasks * width)

    def forward(self, x):
        return self.shared(x).tanh(), self.own(x).tanh()

    def gather(self, parts):
        shared, own = parts
        own = own.unflatten(-1, (self.n_tasks, -1)).transpose(1, 2)
        shared = shared.unsqueeze(1).expand(-1, self.n_tasks, -1, -1)
        return torch.cat([shared, own], dim=-1)

    def share(self, parts):
        return parts[0]

    def shared_parameters(self):
        return list(self.shared.parameters())


class Gain(HeadSpec):
    """Linear heads times a factor that is learned for each output."""

    def __init__(self, start=1.0):
        self.start = start

    def maps(self, blocks):
        return list(blocks)

    def build(self, n_members, blocks):
        return GainTail(n_members, blocks, self.start)


class GainTail(HeadTail):
    def __init__(self, n_members, blocks, start):
        super().__init__()
        self.blocks = list(blocks)
        shape = n_members, 1, len(self.task_of_maps)
        self.gain = nn.Parameter(torch.full(shape, float(start)))
        self.bias = nn.Parameter(torch.zeros(shape))

    @property
    def output_bias(self):
        return self.bias

    @property
    def task_of_maps(self):
        return tasks_of_columns(self.blocks)

    def owners(self):
        return [(self.gain, self.task_of_maps), (self.bias, self.task_of_maps)]

    def forward(self, maps):
        return maps * self.gain + self.bias


class Halved(torch.autograd.Function):
    """The identity, whose gradient is wrong by a factor."""

    @staticmethod
    def forward(ctx, x):
        return 1.0 * x

    @staticmethod
    def backward(ctx, gradient):
        return 0.5 * gradient


class Clipped(torch.autograd.Function):
    """The identity, whose gradient is wrong where it is long."""

    @staticmethod
    def forward(ctx, x):
        return 1.0 * x

    @staticmethod
    def backward(ctx, gradient):
        return gradient.clamp(-6.0, 6.0)
