"""Zip archive whose checksum is verified before anything is parsed."""

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
#: Length of the zip comment: the SHA-256 of all bytes before it, in hexadecimal digits.
DIGEST = 64
#: Number of bytes to hash at once.
CHUNK = 2**20
#: Maximum size of the zip directory in bytes: zipfile needs ten times as much memory.
DIRECTORY = 2**17


def write_archive(
    path: Path, members: dict[str, bytes], about: dict[str, Any], making: int = 0
) -> None:
    """Write an archive, which replaces an existing file only when it is complete.

    Parameters
    ----------
    path : Path
        Path of the file.
    members : dict
        Contents of the members by name.
    about : dict
        Further entries of the manifest, in addition to the sizes and digests of the
        members.
    making : int, default=0
        Number of bytes that loading allocates in addition to the members.
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
            # The budget for loading is proportional to the size of the file. Many small
            # objects may need more, so that padding is added.
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


class _DirectoryFirst(io.FileIO):
    """File that limits the size of a single read until `is_open` is set."""

    is_open = False

    def read(self, size: int | None = -1) -> bytes:
        """Return at most `size` bytes, or raise ValueError if the limit is exceeded."""
        if self.is_open:
            return super().read(size)
        asked = DIRECTORY + 1 if size is None or size < 0 else size
        data = super().read(min(asked, DIRECTORY + 1))
        if len(data) > DIRECTORY:
            raise ValueError("its zip directory is too long")
        return data


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file that replaces the path once it is written to disk.

    Devices and pipes are written to at the end, because they must not be replaced.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        buffer = io.BytesIO()
        yield buffer
        path.write_bytes(buffer.getvalue())
        return
    path = path.resolve()  # replace the target of a link rather than the link
    folder = path.parent
    if not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, "The folder does not exist", str(folder))
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
        # Use the mode of open(); mkstemp only allows the owner to read the file.
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
    """Check all digests and return the manifest, the members and the remaining budget.

    Raises
    ------
    DamagedFileError
        If the file is not such an archive, or was truncated or modified.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < DIGEST + 22:  # the end of a zip file and the digest after it
            raise DamagedFileError(
                f"{path}: the file has only {size} bytes, so it is not a saved model."
            )
        end = size - DIGEST
        found = _digest(file, end)
        if file.read(DIGEST) != found.encode():
            raise DamagedFileError(
                f"{path}: the checksum does not match the contents. The file was "
                "truncated or modified, or was not written by save()."
            )
        try:
            contents = _DirectoryFirst(file.fileno(), "rb", closefd=False)
            with contents, zipfile.ZipFile(contents) as archive:
                contents.is_open = True
                return _read_members(archive, size, path)
        except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
            # The checksum is valid, but save() did not write the file.
            raise DamagedFileError(
                f"{path}: the file is not a saved model ({error})."
            ) from error


def _read_members(
    archive: zipfile.ZipFile, size: int, path: Path
) -> tuple[dict[str, Any], dict[str, bytes], Budget]:
    """Return manifest and members, after a check of the declared size of each."""
    infos = {info.filename: info for info in archive.infolist()}
    if len(infos) != len(archive.infolist()):
        raise ValueError("a member occurs twice")
    budget = Budget(size)
    manifest = parse_json(_read(archive, infos[MANIFEST], budget), budget)
    if manifest["format"] != FORMAT:
        raise DamagedFileError(
            f"{path}: the file has the format {manifest['format']!r} of another "
            f"version of sklearn_mtl; the installed version reads format {FORMAT}."
        )
    members = {}
    for name, said in manifest["members"].items():
        data = _read(archive, infos[name], budget)
        if hashlib.sha256(data).hexdigest() != said["sha256"]:
            raise DamagedFileError(f"{path}: its member {name} was modified.")
        members[name] = data
    return manifest, members, budget


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget) -> bytes:
    """Return the bytes of a member, which must have the declared size."""
    # zlib copies the decompressed data once more to join it.
    copies = 1 if info.compress_type == zipfile.ZIP_STORED else 2
    budget.take(copies * info.file_size, f"its member {info.filename}")
    with archive.open(info) as file:
        data = file.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise ValueError(f"{info.filename} does not have the declared size")
    return data


def _digest(file: IO[bytes], end: int) -> str:
    """Return the SHA-256 of a file up to a position, where reading can continue."""
    digest, left = hashlib.sha256(), end
    while left:
        chunk = file.read(min(CHUNK, left))
        if not chunk:
            break
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest()
