"""Reading of tables from files of common formats."""

from sklearn_mtl.datasets.table_files._options import FileOptions as FileOptions
from sklearn_mtl.datasets.table_files._read import TableFile as TableFile
from sklearn_mtl.datasets.table_files._read import read_table_file as read_table_file
from sklearn_mtl.datasets.table_files._roles import split_columns as split_columns

__all__: list[str] = []
