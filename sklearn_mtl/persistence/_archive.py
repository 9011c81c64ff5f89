"""One zip file whose every byte is checked before a part of it is parsed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from sklearn_mtl.exceptions import DamagedFileError
from sklearn_mtl.persistence._budget import Budget, missing_bytes, parse_json

__all__ = ["FORMAT", "read_archive", "replacing", "write_archive"]

#: Version of the layout of the file.
FORMAT = 1
MANIFEST, PADDING = "manifest.json", "padding"
#: Of the SHA-256 of all that stands before it, in hexadecimal digits: the zip comment.
DIGEST = 64
#: Bytes that are hashed at once.
CHUNK = 2**20
#: Bytes of the list of contents: zipfile makes ten times as much of it.
CONTENTS = 2**17


def write_archive(
    path: Path, members: dict[str, bytes], about: dict[str, Any], making: int = 0
) -> None:
    """Write a new file and put it in the place of an old one, or leave that as it was.

    Parameters
    ----------
    path : Path
        Where the file goes.
    members : dict
        Contents by name.
    about : dict
        What the manifest says besides the sizes and digests of the members.
    making : int, default=0
        Bytes that are allocated to put the contents together.
    """
    manifest = {
        "format": FORMAT,
        **about,
        "members": {
            name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in members.items()
        },
    }
    with replacing(path) as file:
        with zipfile.ZipFile(file, "w") as archive:
            _put(archive, MANIFEST, json.dumps(manifest).encode())
            for name, data in members.items():
                _put(archive, name, data)
            # Many small objects may take more than what a file of this size may.
            texts = [data for name, data in members.items() if _is_text(name)]
            other = sum(map(len, members.values())) - sum(map(len, texts))
            missing = missing_bytes(file.tell(), texts, other, making)
            if missing:
                _put(archive, PADDING, bytes(missing))
            archive.comment = b"0" * DIGEST
        file.seek(-DIGEST, os.SEEK_END)
        end = file.tell()
        file.seek(0)
        digest = _digest(file, end)
        file.seek(end)
        file.write(digest.encode())


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Write a member with a fixed date, compressed if it is text."""
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    compressed, stored = zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED
    info.compress_type = compressed if _is_text(name) else stored
    archive.writestr(info, data)


def _is_text(name: str) -> bool:
    return name.endswith(".json")


class _ContentsFirst(io.FileIO):
    """A file of which only a little is read at once until `is_open` is set."""

    is_open = False

    def read(self, size: int | None = -1) -> bytes:
        """Return as many bytes, or raise ValueError."""
        if self.is_open:
            return super().read(size)
        asked = CONTENTS + 1 if size is None or size < 0 else size
        data = super().read(min(asked, CONTENTS + 1))
        if len(data) > CONTENTS:
            raise ValueError("its list of contents is too long")
        return data


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file beside the path that takes its place when all is on the disk.

    A device or a pipe is written to, once all is there: replaced, it would be gone.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        buffer = io.BytesIO()
        yield buffer
        path.write_bytes(buffer.getvalue())
        return
    path = path.resolve()  # what a link points to is replaced, and not the link
    folder = path.parent
    if not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, "There is no such folder", str(folder))
    if path.is_dir():
        raise IsADirectoryError(
            errno.EISDIR, "A file cannot replace a folder", str(path)
        )
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # What open() would have given a new file; mkstemp keeps it from all others.
        umask = os.umask(0)
        os.umask(umask)
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~umask
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def read_archive(path: Path) -> tuple[dict[str, Any], dict[str, bytes], Budget]:
    """Return manifest and members of a file, all digests checked, and what is left.

    Raises
    ------
    DamagedFileError
        If the file is no such archive, is cut short or was changed.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < DIGEST + 22:  # the end of a zip file and the digest after it
            raise DamagedFileError(f"{path}: {size} bytes are no saved model.")
        end = size - DIGEST
        found = _digest(file, end)
        if file.read(DIGEST) != found.encode():
            raise DamagedFileError(
                f"{path}: the file was cut short or changed since it was saved, or is "
                "none that save() wrote: its checksum is not that of its contents."
            )
        try:
            contents = _ContentsFirst(file.fileno(), "rb", closefd=False)
            with contents, zipfile.ZipFile(contents) as archive:
                contents.is_open = True
                return _read_members(archive, size, path)
        except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
            # Of a file with a checksum of its own, not written by save().
            raise DamagedFileError(f"{path}: no saved model ({error}).") from error


def _read_members(
    archive: zipfile.ZipFile, size: int, path: Path
) -> tuple[dict[str, Any], dict[str, bytes], Budget]:
    """Return manifest and members; nothing is read that says it is too large."""
    infos = {info.filename: info for info in archive.infolist()}
    if len(infos) != len(archive.infolist()):
        raise ValueError("a part comes twice")
    budget = Budget(size)
    manifest = parse_json(_read(archive, infos[MANIFEST], budget), budget)
    if manifest["format"] != FORMAT:
        raise DamagedFileError(
            f"{path}: format {manifest['format']!r} of a newer sklearn_mtl; this one "
            f"reads {FORMAT}."
        )
    members = {}
    for name, said in manifest["members"].items():
        data = _read(archive, infos[name], budget)
        if hashlib.sha256(data).hexdigest() != said["sha256"]:
            raise DamagedFileError(f"{path}: its part {name} was changed.")
        members[name] = data
    return manifest, members, budget


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget) -> bytes:
    """Return a member's bytes, no more than it declares."""
    # zlib puts what it has inflated together in a second place.
    copies = 1 if info.compress_type == zipfile.ZIP_STORED else 2
    budget.take(copies * info.file_size, f"its part {info.filename}")
    with archive.open(info) as file:
        data = file.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise ValueError(f"{info.filename} is not as large as it says")
    return data


def _digest(file: IO[bytes], end: int) -> str:
    """Return the SHA-256 of a file up to a position, and stop there."""
    digest, left = hashlib.sha256(), end
    while left:
        chunk = file.read(min(CHUNK, left))
        if not chunk:
            break
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest()
