"""Preprocessing of inputs: columns, categories, scales and edges of embeddings."""

from sklearn_mtl.preprocessing._column_scales import column_scales as column_scales
from sklearn_mtl.preprocessing._inputs import ReadInputs as ReadInputs
from sklearn_mtl.preprocessing._inputs import Table as Table
from sklearn_mtl.preprocessing._inputs import read_inputs as read_inputs
from sklearn_mtl.preprocessing._inputs import (
    warn_of_text_categories as warn_of_text_categories,
)
from sklearn_mtl.preprocessing._piecewise_linear import PiecewiseLinear
from sklearn_mtl.preprocessing._preparation import Preparation as Preparation
from sklearn_mtl.preprocessing._preparation import RawPreparation as RawPreparation
from sklearn_mtl.preprocessing._preparation import (
    SparsePreparation as SparsePreparation,
)
from sklearn_mtl.preprocessing._preparation import TargetsOf as TargetsOf
from sklearn_mtl.preprocessing._preparation import WideColumns as WideColumns
from sklearn_mtl.preprocessing._preparation import (
    WidePreparation as WidePreparation,
)
from sklearn_mtl.preprocessing._preparation import is_wide as is_wide
from sklearn_mtl.preprocessing._statistics import column_moments as column_moments
from sklearn_mtl.preprocessing._statistics import usable_scale as usable_scale
from sklearn_mtl.preprocessing._table_preparation import CLIP as CLIP
from sklearn_mtl.preprocessing._table_preparation import (
    TablePreparation as TablePreparation,
)
from sklearn_mtl.preprocessing._texts import Texts as Texts
from sklearn_mtl.preprocessing._texts import join_texts as join_texts
from sklearn_mtl.preprocessing._texts import read_texts as read_texts
from sklearn_mtl.preprocessing._texts import runs as runs
from sklearn_mtl.preprocessing.columns import TableInputs
from sklearn_mtl.preprocessing.columns import TextComponents as TextComponents
from sklearn_mtl.preprocessing.columns import find_copies as find_copies
from sklearn_mtl.preprocessing.columns import is_free_text as is_free_text
from sklearn_mtl.preprocessing.columns import is_text as is_text

__all__ = ["PiecewiseLinear", "TableInputs"]
