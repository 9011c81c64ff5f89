"""Saving and loading of fitted models without running code from the file."""

from sklearn_mtl.persistence._allowed import Allowed as Allowed
from sklearn_mtl.persistence._allowed import NotAllowedError as NotAllowedError
from sklearn_mtl.persistence._archive import read_archive as read_archive
from sklearn_mtl.persistence._archive import replacing as replacing
from sklearn_mtl.persistence._archive import write_archive as write_archive
from sklearn_mtl.persistence._budget import Budget as Budget
from sklearn_mtl.persistence._budget import parse_json as parse_json
from sklearn_mtl.persistence._decode import Decoder as Decoder
from sklearn_mtl.persistence._encode import Encoder as Encoder
from sklearn_mtl.persistence._save import BROKEN as BROKEN
from sklearn_mtl.persistence._save import load, save
from sklearn_mtl.persistence._save import package_versions as package_versions
from sklearn_mtl.persistence._save import read_arrays as read_arrays
from sklearn_mtl.persistence._save import write_arrays as write_arrays

__all__ = ["load", "save"]
