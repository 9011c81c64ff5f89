"""Trunk specs and the modules that they build."""

from sklearn_mtl.modules._augmentation import Augmentation
from sklearn_mtl.modules._check_head import check_head
from sklearn_mtl.modules._check_trunk import check_trunk
from sklearn_mtl.modules._columns import Columns
from sklearn_mtl.modules._conv import Conv
from sklearn_mtl.modules._cross_stitch import CrossStitch
from sklearn_mtl.modules._embedding import PiecewiseLinear
from sklearn_mtl.modules._feedback_head import FeedbackHead
from sklearn_mtl.modules._head_registry import HEADS, read_head
from sklearn_mtl.modules._head_relation import HeadRelation, HeadWeights
from sklearn_mtl.modules._head_spec import HeadSpec, HeadTail, LinearHead
from sklearn_mtl.modules._inputs import EmbeddingLayer, InputLayer
from sklearn_mtl.modules._linear import (
    MemberDropout,
    MemberLinear,
    draw_parameters,
    use_generators,
)
from sklearn_mtl.modules._mixture_of_experts import MixtureOfExperts
from sklearn_mtl.modules._mlp import MLP
from sklearn_mtl.modules._mlp_head import MLPHead
from sklearn_mtl.modules._multitask import MultiTaskModule
from sklearn_mtl.modules._pretrained import Pretrained
from sklearn_mtl.modules._progressive_extraction import ProgressiveExtraction
from sklearn_mtl.modules._shapes import check_parts, check_tail
from sklearn_mtl.modules._shared_private import SharedPrivate
from sklearn_mtl.modules._spec import TrunkSpec, build_trunk
from sklearn_mtl.modules._task_heads import (
    HeadBlock,
    TaskHeads,
    soft_outputs,
    tasks_of_columns,
)
from sklearn_mtl.modules._task_trunk import Parts, TaskTrunk

__all__ = [
    "HEADS",
    "MLP",
    "Augmentation",
    "Columns",
    "Conv",
    "CrossStitch",
    "EmbeddingLayer",
    "FeedbackHead",
    "HeadBlock",
    "HeadRelation",
    "HeadSpec",
    "HeadTail",
    "HeadWeights",
    "InputLayer",
    "LinearHead",
    "MLPHead",
    "MemberDropout",
    "MemberLinear",
    "MixtureOfExperts",
    "MultiTaskModule",
    "Parts",
    "PiecewiseLinear",
    "Pretrained",
    "ProgressiveExtraction",
    "SharedPrivate",
    "TaskHeads",
    "TaskTrunk",
    "TrunkSpec",
    "build_trunk",
    "check_head",
    "check_parts",
    "check_tail",
    "check_trunk",
    "draw_parameters",
    "read_head",
    "soft_outputs",
    "tasks_of_columns",
    "use_generators",
]
