"""Specs of trunks and heads, and the modules that they build."""

from sklearn_mtl.modules._augmentation import Augmentation
from sklearn_mtl.modules._inputs import EmbeddingLayer as EmbeddingLayer
from sklearn_mtl.modules._inputs import InputLayer as InputLayer
from sklearn_mtl.modules._linear import MemberDropout, MemberLinear
from sklearn_mtl.modules._linear import draw_parameters as draw_parameters
from sklearn_mtl.modules._linear import stop_dropout as stop_dropout
from sklearn_mtl.modules._linear import use_generators as use_generators
from sklearn_mtl.modules._linear import weight_gradient as weight_gradient
from sklearn_mtl.modules._multitask import MultiTaskModule as MultiTaskModule
from sklearn_mtl.modules._normalization import MemberBatchNorm as MemberBatchNorm
from sklearn_mtl.modules._normalization import MemberLayerNorm as MemberLayerNorm
from sklearn_mtl.modules._normalization import needs_two_rows as needs_two_rows
from sklearn_mtl.modules._shapes import check_parts as check_parts
from sklearn_mtl.modules._shapes import check_tail as check_tail
from sklearn_mtl.modules.heads._check_head import check_head
from sklearn_mtl.modules.heads._feedback import FeedbackHead
from sklearn_mtl.modules.heads._feedback import FeedbackTail as FeedbackTail
from sklearn_mtl.modules.heads._mlp import LayersTail as LayersTail
from sklearn_mtl.modules.heads._mlp import MLPHead
from sklearn_mtl.modules.heads._registry import HEADS as HEADS
from sklearn_mtl.modules.heads._registry import read_head as read_head
from sklearn_mtl.modules.heads._relation import HeadRelation as HeadRelation
from sklearn_mtl.modules.heads._relation import HeadWeights as HeadWeights
from sklearn_mtl.modules.heads._spec import HeadSpec, HeadTail, LinearHead
from sklearn_mtl.modules.heads._tag_chain import TagChain as TagChain
from sklearn_mtl.modules.heads._task_heads import HeadBlock as HeadBlock
from sklearn_mtl.modules.heads._task_heads import TaskHeads as TaskHeads
from sklearn_mtl.modules.heads._task_heads import soft_outputs as soft_outputs
from sklearn_mtl.modules.heads._task_heads import tasks_of_columns
from sklearn_mtl.modules.trunks._branches import Branches as Branches
from sklearn_mtl.modules.trunks._branches import BranchLinear as BranchLinear
from sklearn_mtl.modules.trunks._branches import Split as Split
from sklearn_mtl.modules.trunks._check_trunk import check_trunk
from sklearn_mtl.modules.trunks._columns import Columns
from sklearn_mtl.modules.trunks._columns import JoinedTrunk as JoinedTrunk
from sklearn_mtl.modules.trunks._conv import Conv
from sklearn_mtl.modules.trunks._conv_trunk import ConvLayer as ConvLayer
from sklearn_mtl.modules.trunks._conv_trunk import ConvTrunk as ConvTrunk
from sklearn_mtl.modules.trunks._cross_stitch import CrossStitch
from sklearn_mtl.modules.trunks._cross_stitch import (
    CrossStitchTrunk as CrossStitchTrunk,
)
from sklearn_mtl.modules.trunks._cross_stitch import Stitch as Stitch
from sklearn_mtl.modules.trunks._gates import Gates as Gates
from sklearn_mtl.modules.trunks._mixture_of_experts import MixtureOfExperts
from sklearn_mtl.modules.trunks._mixture_of_experts import MixtureTrunk as MixtureTrunk
from sklearn_mtl.modules.trunks._mlp import ACTIVATIONS as ACTIVATIONS
from sklearn_mtl.modules.trunks._mlp import MLP
from sklearn_mtl.modules.trunks._mlp import Residual as Residual
from sklearn_mtl.modules.trunks._pretrained import FittedTrunk as FittedTrunk
from sklearn_mtl.modules.trunks._pretrained import Pretrained
from sklearn_mtl.modules.trunks._pretrained import TrainedParts as TrainedParts
from sklearn_mtl.modules.trunks._progressive_extraction import (
    ExtractionLevel as ExtractionLevel,
)
from sklearn_mtl.modules.trunks._progressive_extraction import (
    ExtractionTrunk as ExtractionTrunk,
)
from sklearn_mtl.modules.trunks._progressive_extraction import ProgressiveExtraction
from sklearn_mtl.modules.trunks._progressive_extraction import TaskGates as TaskGates
from sklearn_mtl.modules.trunks._shared_private import SharedPrivate
from sklearn_mtl.modules.trunks._shared_private import (
    SharedPrivateTrunk as SharedPrivateTrunk,
)
from sklearn_mtl.modules.trunks._sparse import PackedScale as PackedScale
from sklearn_mtl.modules.trunks._sparse import SparseTrunk as SparseTrunk
from sklearn_mtl.modules.trunks._spec import MemberModules as MemberModules
from sklearn_mtl.modules.trunks._spec import TrunkSpec
from sklearn_mtl.modules.trunks._spec import build_trunk as build_trunk
from sklearn_mtl.modules.trunks._task_trunk import Parts as Parts
from sklearn_mtl.modules.trunks._task_trunk import TaskTrunk
from sklearn_mtl.modules.trunks._text import Text
from sklearn_mtl.modules.trunks._text_trunk import (
    BidirectionalLSTM as BidirectionalLSTM,
)
from sklearn_mtl.modules.trunks._text_trunk import TextTrunk as TextTrunk
from sklearn_mtl.modules.trunks._text_trunk import give_tokens as give_tokens
from sklearn_mtl.modules.trunks._text_trunk import split_tokens as split_tokens

__all__ = [
    "MLP",
    "Augmentation",
    "Columns",
    "Conv",
    "CrossStitch",
    "FeedbackHead",
    "HeadSpec",
    "HeadTail",
    "LinearHead",
    "MLPHead",
    "MemberDropout",
    "MemberLinear",
    "MixtureOfExperts",
    "Pretrained",
    "ProgressiveExtraction",
    "SharedPrivate",
    "TaskTrunk",
    "Text",
    "TrunkSpec",
    "check_head",
    "check_trunk",
    "tasks_of_columns",
]
