"""Fill the tables of the guide, and check that its numbers are those of the files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks._figures.files import ROOT, read_constants, read_files
from benchmarks._figures.tables import row_texts, table_lines

MARK = re.compile(r"^( *)\.\. figures: (\w+)\.(\w+)$")
DECIMAL = re.compile(r"(?<![\w.])\d*\.\d+(?![\w.]*\d)")
ANY_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)|\d*\.\d+|\d+")
INLINE_CODE = re.compile(r"``[^`]*``|`[^`]*`(?!_)|https?://\S+")
FENCE = re.compile(r"^```")


def checked_pages() -> list[Path]:
    """Return README and the pages of the guide."""
    return [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").rglob("*.rst"))]


def filled(text: str, files: dict[str, dict[str, Any]]) -> str:
    """Return the text of a page with the table below each mark replaced."""
    lines, out, start = text.split("\n"), [], 0
    while start < len(lines):
        out.append(lines[start])
        found = MARK.match(lines[start])
        start += 1
        if found:
            indent, name, table = found.groups()
            out += ["", *table_lines(files[name]["tables"][table], indent)]
            start = end_of_table(lines, start, indent)
    return "\n".join(out)


def end_of_table(lines: list[str], start: int, indent: str) -> int:
    """Return the line after the table that follows a mark."""
    while not lines[start].strip():
        start += 1
    if set(lines[start].strip()) <= {"=", " "}:
        rules = [i for i in range(start, len(lines)) if lines[i] == lines[start]]
        return rules[2] + 1
    end = start + 1
    while end < len(lines) and (not lines[end] or lines[end].startswith(f"{indent} ")):
        end += 1
    while not lines[end - 1]:
        end -= 1
    return end


def prose_of(text: str) -> Iterator[str]:
    """Yield the lines that are neither code nor filled by a mark."""
    lines, block, is_fenced = text.split("\n"), None, False
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        depth = len(line) - len(line.lstrip())
        if FENCE.match(line):
            is_fenced = not is_fenced
        elif found := MARK.match(line):
            number = end_of_table(lines, number, found.group(1))
        elif block is not None and (not line.strip() or depth > block):
            continue
        elif line.lstrip().startswith(">>>"):
            number = end_of_paragraph(lines, number)
        elif not is_fenced:
            starts = line.rstrip().endswith("::") or ".. code-block::" in line
            block = depth if starts and "list-table" not in line else None
            yield INLINE_CODE.sub("", line)


def end_of_paragraph(lines: list[str], start: int) -> int:
    """Return the line after the blank one that ends a doctest."""
    while start < len(lines) and lines[start].strip():
        start += 1
    return start


def numbers_in(text: str, form: re.Pattern = ANY_NUMBER) -> set[float]:
    """Return the numbers of a text; the sign is left to the reader of the sentence."""
    return {float(number.replace(",", "")) for number in form.findall(text)}


def known_numbers(content: dict[str, Any]) -> set[float]:
    """Return all numbers of a file of figures."""
    texts = [str(values) for values in content["figures"].values()]
    for table in content["tables"].values():
        texts += table["columns"] + [cell for row in row_texts(table) for cell in row]
    return numbers_in(" ".join(texts))


def problems_of(page: str, text: str, files: dict[str, dict[str, Any]]) -> list[str]:
    """Return what is wrong with the numbers of one page."""
    known = set(read_constants().get(page, ()))
    for content in files.values():
        if page in content["pages"]:
            known |= known_numbers(content)
    quoted = numbers_in("\n".join(prose_of(text)), DECIMAL)
    problems = [
        f"{page}: {number} is in no file of benchmarks/figures for this page"
        for number in sorted(quoted - known)
    ]
    if filled(text, files) != text:
        problems.append(f"{page}: a table differs; run python -m benchmarks._figures")
    return problems


def lost_figures(files: dict[str, dict[str, Any]]) -> list[str]:
    """Return the figures that none of the pages of their file quotes."""
    problems = []
    for name, content in files.items():
        texts = [(ROOT / page).read_text(encoding="utf-8") for page in content["pages"]]
        quoted = numbers_in("\n".join(texts))
        problems += [
            f"{name}.json: no page has {number} of {key!r}"
            for key, values in content["figures"].items()
            for number in sorted(numbers_in(str(values)) - quoted)
        ]
    return problems


def all_problems() -> list[str]:
    """Return all differences between the pages and the files."""
    files = read_files()
    problems = lost_figures(files)
    for path in checked_pages():
        page = path.relative_to(ROOT).as_posix()
        problems += problems_of(page, path.read_text(encoding="utf-8"), files)
    return problems


def fill_pages() -> None:
    """Replace the tables of all pages by those of the files."""
    files = read_files()
    for path in checked_pages():
        text = path.read_text(encoding="utf-8")
        new = filled(text, files)
        if new != text:
            path.write_text(new, encoding="utf-8")
