"""Multi-task data sets: bundled, generated, and loaded from files."""

from sklearn_mtl.datasets._digit_scenes import load_digit_scenes
from sklearn_mtl.datasets._make_classification import make_multitask_classification
from sklearn_mtl.datasets._make_regression import make_multitask_regression
from sklearn_mtl.datasets._make_shapes import make_shapes
from sklearn_mtl.datasets._missing import check_fraction as check_fraction
from sklearn_mtl.datasets._missing import hide_codes as hide_codes
from sklearn_mtl.datasets._missing import hide_labels
from sklearn_mtl.datasets._missing import without_cells as without_cells
from sklearn_mtl.datasets._openml import fetch_multitask_openml
from sklearn_mtl.datasets._table import load_table
from sklearn_mtl.datasets.table_files import FileOptions as FileOptions
from sklearn_mtl.datasets.table_files import TableFile as TableFile
from sklearn_mtl.datasets.table_files import read_table_file as read_table_file
from sklearn_mtl.datasets.table_files import split_columns as split_columns

__all__ = [
    "fetch_multitask_openml",
    "hide_labels",
    "load_digit_scenes",
    "load_table",
    "make_multitask_classification",
    "make_multitask_regression",
    "make_shapes",
]
