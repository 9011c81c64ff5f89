"""Trunk specs and the modules that they build."""

from sklearn_mtl.modules._augmentation import Augmentation
from sklearn_mtl.modules._inputs import EmbeddingLayer, InputLayer
from sklearn_mtl.modules._linear import (
    MemberDropout,
    MemberLinear,
    draw_parameters,
    use_generators,
)
from sklearn_mtl.modules._linear import weight_gradient as weight_gradient
from sklearn_mtl.modules._multitask import MultiTaskModule
from sklearn_mtl.modules._shapes import check_parts, check_tail
from sklearn_mtl.modules.heads._check_head import check_head
from sklearn_mtl.modules.heads._feedback import FeedbackHead
from sklearn_mtl.modules.heads._mlp import MLPHead
from sklearn_mtl.modules.heads._registry import HEADS, read_head
from sklearn_mtl.modules.heads._relation import HeadRelation, HeadWeights
from sklearn_mtl.modules.heads._spec import HeadSpec, HeadTail, LinearHead
from sklearn_mtl.modules.heads._task_heads import (
    HeadBlock,
    TaskHeads,
    soft_outputs,
    tasks_of_columns,
)
from sklearn_mtl.modules.trunks._check_trunk import check_trunk
from sklearn_mtl.modules.trunks._columns import Columns
from sklearn_mtl.modules.trunks._conv import Conv
from sklearn_mtl.modules.trunks._cross_stitch import CrossStitch
from sklearn_mtl.modules.trunks._mixture_of_experts import MixtureOfExperts
from sklearn_mtl.modules.trunks._mlp import ACTIVATIONS as ACTIVATIONS
from sklearn_mtl.modules.trunks._mlp import MLP
from sklearn_mtl.modules.trunks._pretrained import Pretrained
from sklearn_mtl.modules.trunks._progressive_extraction import ProgressiveExtraction
from sklearn_mtl.modules.trunks._shared_private import SharedPrivate
from sklearn_mtl.modules.trunks._spec import MemberModules as MemberModules
from sklearn_mtl.modules.trunks._spec import TrunkSpec, build_trunk
from sklearn_mtl.modules.trunks._task_trunk import Parts, TaskTrunk

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
