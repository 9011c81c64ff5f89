"""Encoding of text files, inferred from the byte order mark or the bytes."""

from __future__ import annotations

import codecs
import re

from sklearn_mtl.datasets.table_files._options import FileOptions, UnreadableError

__all__ = ["find_encoding"]

_MARKS = (  # the longer ones first, because that of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 100_000
# Non-ASCII characters of Windows-1252 in Western texts: lower-case letters, upper-case
# letters at the beginning of a word or within upper-case words, and signs.
_LOWER = "ßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿšœžº"
_UPPER = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞŠŒŽŸ"
_SIGNS = "€\u2018\u2019\u201c\u201d\u2013\u2014…•§°±²³µ·½¼¾«»£©®ª¿¡×\xa0"
_NOT_WESTERN = re.compile(
    f"[^\x00-\x7f{_LOWER}{_UPPER}{_SIGNS}]"
    f"|[{_LOWER}{_UPPER}]{{3}}"  # three in a row are probably from another script
    f"|[a-z{_LOWER}][{_UPPER}]"  # the byte of é in Mac and DOS encodings is Ž here
    f"|[±²³¼½¾][a-z{_LOWER}]"  # these are letters in Central European encodings
)
_UTF8_LETTER = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")


def find_encoding(raw: bytes, options: FileOptions) -> str:
    """Return the name of the encoding of a text file."""
    for mark, name in _MARKS:
        if raw.startswith(mark):
            if options.encoding is None or _same_family(name, options.encoding):
                return _checked(raw, name, options)
            break
    if options.encoding is not None:
        return _checked(raw, options.encoding, options)
    wide = _wide_encoding(raw[:_SAMPLE])
    if wide is not None:
        return _checked(raw, wide, options)
    if b"\x00" in raw:
        raise UnreadableError(
            "the file is binary, but neither Parquet nor Arrow nor Excel (.xlsx)"
        )
    place = _undecodable(raw, "utf-8")
    if place is None:
        return "utf-8"
    if _is_western(raw):
        return "cp1252"
    line = raw.count(b"\n", 0, place) + 1
    raise UnreadableError(
        f"the encoding is ambiguous, because line {line} is not UTF-8; set it, for "
        f"example by {options.say('encoding', 'cp1252')}"
    )


def _same_family(one: str, other: str) -> bool:
    """Return whether two encodings differ only in byte order and byte order mark."""
    names = [codecs.lookup(name).name.replace("-", "")[:5] for name in (one, other)]
    return names[0] == names[1]


def _checked(raw: bytes, encoding: str, options: FileOptions) -> str:
    place = _undecodable(raw, encoding)
    if place is None:
        return encoding
    line = len(raw[:place].decode(encoding, errors="ignore").splitlines()) or 1
    raise UnreadableError(
        f"line {line} is not valid {encoding}; set the encoding, for example by "
        f"{options.say('encoding', 'cp1252')}"
    )


def _undecodable(raw: bytes, encoding: str) -> int | None:
    """Return the position of the first byte that cannot be decoded, or None."""
    try:
        codecs.decode(raw, encoding)
    except UnicodeError as error:
        return getattr(error, "start", 0)
    return None


def _wide_encoding(sample: bytes) -> str | None:
    """Return UTF-16 if every second byte is mostly zero, as without a mark."""
    n = len(sample) // 2
    if n < 2:
        return None
    zeros = [sample[start::2].count(0) / n for start in (0, 1)]
    if min(zeros) > 0.05 or max(zeros) < 0.5:
        return None
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def _is_western(raw: bytes) -> bool:
    """Return whether the bytes are a plausible Western text in Windows-1252."""
    if _UTF8_LETTER.search(raw):
        return False  # damaged UTF-8, or two concatenated files
    try:
        text = raw.decode("cp1252")
    except UnicodeError:
        return False
    return _NOT_WESTERN.search(text) is None
