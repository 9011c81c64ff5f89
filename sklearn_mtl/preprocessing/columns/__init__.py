"""Selection and encoding of the input columns of a table."""

from sklearn_mtl.preprocessing.columns._copies import find_copies as find_copies
from sklearn_mtl.preprocessing.columns._dates import (
    other_than_dates as other_than_dates,
)
from sklearn_mtl.preprocessing.columns._free_text import (
    warn_of_free_text as warn_of_free_text,
)
from sklearn_mtl.preprocessing.columns._kinds import (
    identifier_reason as identifier_reason,
)
from sklearn_mtl.preprocessing.columns._kinds import is_date as is_date
from sklearn_mtl.preprocessing.columns._kinds import is_free_text as is_free_text
from sklearn_mtl.preprocessing.columns._kinds import is_text as is_text
from sklearn_mtl.preprocessing.columns._table_inputs import TableInputs
from sklearn_mtl.preprocessing.columns._texts import TextComponents as TextComponents

__all__ = ["TableInputs"]
