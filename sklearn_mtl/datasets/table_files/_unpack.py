"""Decompression of files, and detection of their format by the first bytes."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath

from sklearn_mtl.datasets.table_files._options import UnreadableError

__all__ = ["Content", "unpack"]

_PACKED = {b"\x1f\x8b": gzip, b"BZh": bz2, b"\xfd7zXZ\x00": lzma}
_ZIP = b"PK\x03\x04"
_BINARY = {
    b"PAR1": "parquet",
    b"ARROW1": "arrow",
    b"FEA1": "arrow",
    b"\xff\xff\xff\xff": "arrow stream",
}
_FOREIGN = {
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls): save it as .xlsx or as CSV",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"SQLite": "a database",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"\x80\x04": "a pickle, which is not opened because it can execute any code",
    b"\x80\x05": "a pickle, which is not opened because it can execute any code",
}
_SUFFIXES = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "arrow",
    ".arrow": "arrow",
    ".xlsx": "excel",
}
_BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError)


@dataclass(frozen=True)
class Content:
    """Content of a table file.

    Attributes
    ----------
    raw : bytes
        Decompressed content.
    kind : {"text", "parquet", "arrow", "arrow stream", "excel"}
        Format of the content.
    """

    raw: bytes
    kind: str


def unpack(raw: bytes, name: str) -> Content:
    """Return the decompressed content of a file and its format."""
    suffix = PurePosixPath(name).suffix.lower()
    for magic, module in _PACKED.items():
        if raw.startswith(magic):
            suffix = PurePosixPath(PurePosixPath(name).stem).suffix.lower()
            try:
                raw = module.decompress(raw)
            except _BROKEN as error:
                raise UnreadableError(
                    f"the compressed file is damaged: {error}"
                ) from error
            break
    if raw.startswith(_ZIP):
        if _is_excel(raw):
            return Content(raw, "excel")
        raw, suffix = _only_member(raw)
        if raw.startswith(_ZIP) and _is_excel(raw):
            return Content(raw, "excel")
    if not raw.strip():
        raise UnreadableError("the file is empty")
    for magic, kind in _BINARY.items():
        if raw.startswith(magic):
            return Content(raw, kind)
    for magic, what in _FOREIGN.items():
        if raw.startswith(magic):
            raise UnreadableError(f"the file is {what}")
    if suffix in (*_SUFFIXES, ".gz", ".zip", ".bz2", ".xz"):
        raise UnreadableError(
            f"the name ends in {suffix}, but the file has another format or is damaged"
        )
    return Content(raw, "text")


def _is_excel(raw: bytes) -> bool:
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def _only_member(raw: bytes) -> tuple[bytes, str]:
    """Return the only file of a zip archive, and its suffix."""
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            names = [name for name in archive.namelist() if _is_content(name)]
            if len(names) != 1:
                found = ", ".join(names[:5]) or "nothing"
                raise UnreadableError(
                    f"the zip must contain exactly one file, the table; it contains "
                    f"{found}"
                )
            return archive.read(names[0]), PurePosixPath(names[0]).suffix.lower()
    except RuntimeError as error:
        raise UnreadableError("the zip is encrypted; unpack it first") from error
    except (*_BROKEN, zipfile.BadZipFile, NotImplementedError) as error:
        raise UnreadableError(f"the zip is damaged: {error}") from error


def _is_content(name: str) -> bool:
    """Return whether a member is neither a folder nor metadata added by macOS."""
    path = PurePosixPath(name)
    return not (
        name.endswith("/") or path.parts[0] == "__MACOSX" or path.name.startswith(".")
    )
