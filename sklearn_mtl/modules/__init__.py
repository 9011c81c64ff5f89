"""Trunk specs and the modules that they build."""

from sklearn_mtl.modules._embedding import PiecewiseLinear
from sklearn_mtl.modules._inputs import EmbeddingLayer, InputLayer
from sklearn_mtl.modules._linear import (
    MemberDropout,
    MemberLinear,
    draw_parameters,
    use_generators,
)
from sklearn_mtl.modules._mlp import MLP
from sklearn_mtl.modules._multitask import MultiTaskModule
from sklearn_mtl.modules._spec import TrunkSpec, build_trunk

__all__ = [
    "MLP",
    "EmbeddingLayer",
    "InputLayer",
    "MemberDropout",
    "MemberLinear",
    "MultiTaskModule",
    "PiecewiseLinear",
    "TrunkSpec",
    "build_trunk",
    "draw_parameters",
    "use_generators",
]
