"""Files that are no clear table end the process with code 2 and one sentence."""

import gzip
import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl import command_line

N = 30
RNG = np.random.default_rng(0)
AGES = RNG.integers(20, 60, N)
GRADES = RNG.normal(size=N).round(4)
ROWS = [f"{age},{grade}" for age, grade in zip(AGES, GRADES, strict=True)]
FINE = "\n".join(["age,y", *ROWS]) + "\n"


def with_line(number, line):
    """Return the table with another line, counted from 1."""
    lines = FINE.splitlines()
    lines[number - 1] = line
    return "\n".join(lines)


def with_column(name, values):
    """Return the table with a third column."""
    lines = FINE.splitlines()
    pairs = zip(lines, [name, *values], strict=True)
    return "\n".join(f"{line},{value}" for line, value in pairs)


def zipped(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, FINE)
    return out.getvalue()


def excel(frame, **options):
    pytest.importorskip("openpyxl")
    out = io.BytesIO()
    pd.DataFrame(frame).to_excel(out, index=False, **options)
    return out.getvalue()


def parquet(names):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet as writer

    out = io.BytesIO()
    writer.write_table(pa.table([AGES, GRADES, AGES][: len(names)], names=names), out)
    return out.getvalue()


ASK = "use --decimal '.' or --decimal ','"
BAD = {
    "no content": (b"", "the file is empty."),
    "spaces only": (b" \n\n", "the file is empty."),
    "header only": (b"age,y\n", "the file has a header, line 1, but no rows."),
    "picture": (b"\x89PNG\r\n\x1a\n\x00", "the file is a picture."),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3", "the file is a PDF document."),
    "old Excel": (
        b"\xd0\xcf\x11\xe0\xa1",
        "an old Excel file (.xls): save it as .xlsx",
    ),
    "pickle": (b"\x80\x05\x95\x00", "the file is a pickle, which is not opened"),
    "binary": (b"a\x00\x01\x02\x03" * 9, "the file is binary, but neither Parquet nor"),
    "web page": ("<!DOCTYPE html><p>Log in", "the file is a web page, not a table."),
    "JSON": ('[{"age": 3, "y": 1}]', "the file is JSON, not a table."),
    "ARFF": ("@relation x\n@data\n1,2", "the file is an ARFF file, not a table."),
    "damaged gzip": (
        gzip.compress(FINE.encode())[:60],
        "the compressed file is damaged: Compressed file ended",
    ),
    "damaged zip": (zipped("a.csv")[:90], "the zip is damaged: File is not a zip"),
    "two in a zip": (
        zipped("a.csv", "b.csv"),
        "exactly one file, the table; it contains a.csv, b",
    ),
    "none in a zip": (zipped(), "the name ends in"),
    "damaged Parquet": (b"PAR1" + b"x" * 40, "the file is damaged: "),
    "damaged Arrow": (b"ARROW1\x00\x00" + b"x" * 40, "the file is damaged: "),
    "damaged Excel": (lambda: excel({"a": [1]})[:-400], "the zip is damaged"),
    "field too many": (
        with_line(7, "33,44,55"),
        "line 7 has 3 fields, but the header has 2 columns; a field that contains a",
    ),
    "field too few": (with_line(9, "33"), "line 9 has 1 fields, but the header has 2"),
    "broken lines": (
        with_line(9, "33").replace(ROWS[-1], "1,2,3"),
        "line 9 has 1 fields, but the header has 2 columns (other wrong lines: 1)",
    ),
    "names of rows without a name": (
        "age,y\n" + "\n".join(f"r{i},{row}" for i, row in enumerate(ROWS)),
        "the header has 2 names, but all rows have 3 fields; add the missing name",
    ),
    "decimal commas between commas": (
        "age,y\n1,5,2,5\n2,5,3,5\n",
        "line 2 has 4 fields, but the header has 2 columns (other wrong lines: 1)",
    ),
    "quote never closed": (
        with_line(5, '"33,44'),
        "line 5: a field begins with a double quote that is never closed.",
    ),
    "text after a quote": (
        with_line(5, '"33" in,44'),
        "line 5: text follows the closing double quote of a field.",
    ),
    "same name twice": (
        with_column("age", AGES),
        "the header, line 1, contains 'age' more than once, in columns 1, 3; names",
    ),
    "target twice": (
        with_column("y", GRADES),
        "contains 'y' more than once, in columns",
    ),
    "same name but for spaces": (
        with_column(" y ", GRADES),
        "contains 'y' more than on",
    ),
    "name missing": (with_column("", AGES), "has no name for column 3; add a"),
    "no header": ("\n".join(ROWS), "line 1 must be a header, but contains values: "),
    "no header, but names of rows": (",5,7\n1,2,3\n", "line 1 must be a header, but"),
    "no header, with texts": (
        "5.1,3.5,1.4,setosa\n4.9,3.0,1.4,setosa\n",
        "line 1 must be a header, but contains values: 5.1, 3.5, 1.4, setosa; add a",
    ),
    "one column": (
        "y\n1\n2\n",
        "the header 'y' contains none of the separators comma,",
    ),
    "separated by colons": (
        FINE.replace(",", ":"),
        "set the separator, for example by --sep ':'.",
    ),
    "two separators": (
        "a,b;c,y\n1,2;3,4\n5,6;7,8\n",
        "the separator of the columns is ambiguous; use --sep ',' or --sep ';'.",
    ),
    "thousands or decimals": (
        "age;y\n12;1,234\n14;5,678\n",
        f"the number '1,234' is ambiguous: it may mean 1234 or 1.234; {ASK}.",
    ),
    "thousands or decimals, with points": (
        "age;y\n12;1.234\n14;950\n",
        f"the number '1.234' is ambiguous: it may mean 1234 or 1.234; {ASK}.",
    ),
    "thousands or decimals, next to small numbers": (
        "age,y\n12,1.234\n14,950\n",
        f"the number '1.234' is ambiguous: it may mean 1234 or 1.234; {ASK}.",
    ),
    "two decimal marks": (
        "age;y\n1,5;2.5\n2;3.5\n",
        f"the numbers '2.5' and '1,5' have different decimal marks; {ASK}.",
    ),
    "Cyrillic": (
        with_column("город", ["Москва"] * N).encode("cp1251"),
        "the encoding is ambiguous, because line 1 is not UTF-8; set it, for example "
        "by --encoding cp1252.",
    ),
    "Japanese": (
        with_column("市", ["東京"] * N).encode("shift_jis"),
        "the encoding is ambiguous, because line 1 is not UTF-8",
    ),
    "old Mac": (
        with_column("city", ["Orléans"] * N).encode("mac_roman"),
        "the encoding is ambiguous, because line 2 is not UTF-8",
    ),
    "two encodings": (
        with_column("city", ["Zürich"] * N).encode() + "1,2,Zürich\n".encode("latin-1"),
        "the encoding is ambiguous, because line 31 is not UTF-8",
    ),
    "damaged UTF-16": (
        FINE.encode("utf-16") + b"x",
        "is not valid utf-16; set the encoding",
    ),
    "Excel with one name twice": (
        lambda: excel([["age", "y", "age"], [1, 2, 3]], header=False),
        "the header, row 1 of 'Sheet1', contains 'age' more than once, in columns 1, 3",
    ),
    "Excel without a name": (
        lambda: excel([["age", None, "y"], [1, 2, 3]], header=False),
        "the header, row 1 of 'Sheet1', has no name for column 2",
    ),
    "Excel without rows": (
        lambda: excel({"age": [], "y": []}),
        "has a header but no rows",
    ),
    "Excel without a header": (
        lambda: excel([[1.5, 2.5], [3, 4]], header=False),
        "row 1 of 'Sheet1' must be a header, but contains values: 1.5, 2.5",
    ),
    "empty Excel": (lambda: excel({}), "all sheets are empty"),
    "Parquet with one name twice": (
        lambda: parquet(["age", "y", "age"]),
        "the header, its schema, contains 'age' more than once",
    ),
    "a target of identifiers": (
        "age,y\n" + "\n".join(f"{age},K{i:03}" for i, age in enumerate(AGES)),
        "the target 'y' contains identifiers (unique per row), such as 'K000'. Targets "
        "must be numbers or classes. If each value is a class, use --task-types "
        "'y=classification'.",
    ),
    "a copy of the target": (
        with_column("again", GRADES),
        "the input 'again' is a copy of the target 'y' (the same values). Use --drop "
        "again to ignore it, or --keep again to use it as an input.",
    ),
    "the target in other units": (
        with_column("cents", (100 * GRADES).round(2)),
        "the input 'cents' is a copy of the target 'y' (the same order)",
    ),
    "identifiers only": (
        "id,y\n" + "\n".join(f"{i},{grade}" for i, grade in enumerate(GRADES)),
        "no input is left. inputs: none; left out: id (unique per row; --keep id).",
    ),
    "infinite numbers": (
        with_column("x", ["inf", *AGES[1:]]),
        "column 'x' has infinite values.",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_in_one_sentence(name, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sklearn_mtl.comparison.compare", pytest.fail)
    content, sentence = BAD[name]
    content = content() if callable(content) else content
    path = tmp_path / ("table.zip" if "in a zip" in name else "table.csv")
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    assert command_line.main(["compare", str(path), "--targets", "y"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    line = captured.err.splitlines()[-1]
    assert line.startswith(f"sklearn-mtl: error: {path.name}: ")
    assert sentence in line
    assert not [said for said in captured.err.splitlines()[:-1] if "error" in said]


@pytest.mark.parametrize("suffix", [".parquet", ".feather", ".xlsx", ".gz", ".zip"])
def test_a_name_that_promises_another_format_is_refused(suffix, tmp_path, capsys):
    path = tmp_path / f"table{suffix}"
    path.write_text(FINE)
    assert command_line.main(["compare", str(path), "--targets", "y"]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert f"the name ends in {suffix}, but the file has another format" in line


def test_an_address_is_refused(capsys):
    address = "https://example.org/table.csv"
    assert command_line.main(["compare", address, "--targets", "y"]) == 2
    assert capsys.readouterr().err.endswith(
        f"error: {address} is a URL; download the file and pass its path.\n"
    )


def test_a_folder_is_refused(tmp_path, capsys):
    assert command_line.main(["compare", str(tmp_path), "--targets", "y"]) == 2
    assert capsys.readouterr().err.endswith("is a folder.\n")


def test_an_encrypted_zip_is_refused(tmp_path, capsys):
    content = bytearray(zipped("a.csv"))
    content[6] |= 1  # the flag of encryption, in both headers
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path = tmp_path / "table.zip"
    path.write_bytes(bytes(content))
    assert command_line.main(["compare", str(path), "--targets", "y"]) == 2
    assert (
        "table.zip: the zip is encrypted; unpack it first." in capsys.readouterr().err
    )
