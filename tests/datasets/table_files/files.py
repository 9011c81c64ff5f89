"""Files that are tables, written in many ways, and files that are none."""

import bz2
import gzip
import io
import lzma
import zipfile

import numpy as np
import pandas as pd

N = 24


def expected() -> pd.DataFrame:
    """Return the table that all good files hold."""
    rng = np.random.default_rng(0)
    income = rng.normal(5000, 2500, N).round(2)
    income[3] = np.nan
    return pd.DataFrame(
        {
            "größe": rng.normal(170, 9, N).round(1),
            "income": income,
            "people": rng.integers(800, 3_000_000, N),
            "city": rng.choice(
                ["Malmö", "Zürich", "Paris, north", 'the "old" town'], N
            ),
            "grade": rng.normal(size=N).round(3),
            "passed": rng.choice(["yes", "no"], N),
        }
    )


def text(
    sep: str = ",",
    decimal: str = ".",
    group: str = "",
    end: str = "\n",
    index: bool = False,
) -> str:
    """Return the table as text; thousands of income and people are grouped."""
    frame = expected()

    def grouped(value: float, pattern: str) -> str:
        if pd.isna(value):
            return ""
        marks = {",": group, ".": decimal}
        return "".join(marks.get(c, c) for c in format(value, pattern))

    if group:
        frame["income"] = [grouped(v, ",.2f") for v in frame["income"]]
        frame["people"] = [grouped(v, ",d") for v in frame["people"]]
    return frame.to_csv(sep=sep, decimal=decimal, index=index, lineterminator=end)


def packed_zip(content: bytes, **others: bytes) -> bytes:
    """Return a zip with a table, and other members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/table.csv", content)
        for name, other in others.items():
            archive.writestr(name, other)
    return out.getvalue()


def by_pandas(method: str, **options) -> bytes:
    """Return what a method of a frame writes."""
    out = io.BytesIO()
    getattr(expected(), method)(out, **options)
    return out.getvalue()


def arrow_stream() -> bytes:
    """Return the stream format of Arrow."""
    import pyarrow as pa

    out = io.BytesIO()
    table = pa.Table.from_pandas(expected())
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


#: Bytes of the same table by what is special about them.
GOOD = {
    "plain.csv": lambda: text().encode(),
    "semicolons.csv": lambda: text(";").encode(),
    "tabs.tsv": lambda: text("\t").encode(),
    "bars.txt": lambda: text("|").encode(),
    "decimal_comma.csv": lambda: text(";", ",").encode(),
    "quoted_decimal_comma.csv": lambda: text(",", ",").encode(),
    "german.csv": lambda: text(";", ",", ".").encode("latin-1"),
    "english.csv": lambda: text(",", ".", ",").encode(),
    "french.csv": lambda: text(";", ",", "\u202f").encode(),
    "spaces.csv": lambda: text("\t", ",", " ").encode(),
    "swiss.csv": lambda: text(";", ".", "'").encode(),
    "latin_1.csv": lambda: text().encode("latin-1"),
    "utf_8_mark.csv": lambda: text().encode("utf-8-sig"),
    "utf_16.csv": lambda: text("\t").encode("utf-16"),
    "utf_16_big.csv": lambda: b"\xfe\xff" + text().encode("utf-16-be"),
    "utf_16_no_mark.csv": lambda: text(";").encode("utf-16-le"),
    "utf_32.csv": lambda: text().encode("utf-32"),
    "windows.csv": lambda: text(end="\r\n").encode(),
    "old_mac.csv": lambda: text(end="\r").encode(),
    "no_last_newline.csv": lambda: text().rstrip().encode(),
    "blank_lines.csv": lambda: ("\n" + text() + "\n  \n\n").encode(),
    "empty_last_rows.csv": lambda: (text() + ",,,,,\n" * 3).encode(),
    "spaced.csv": lambda: (
        text().replace(",", ", ").replace("Paris, ", "Paris,")
    ).encode(),
    "excel_directive.csv": lambda: ("sep=;\n" + text(";")).encode(),
    "row_names.csv": lambda: text(index=True).encode(),
    "table.csv.gz": lambda: gzip.compress(text(";").encode()),
    "table.csv.bz2": lambda: bz2.compress(text().encode()),
    "table.csv.xz": lambda: lzma.compress(text().encode()),
    "table.zip": lambda: packed_zip(text(";", ",").encode()),
    "from_a_mac.zip": lambda: packed_zip(
        text().encode(), **{"__MACOSX/data/._table.csv": b"x", "data/.DS_Store": b"y"}
    ),
    "gzip_without_suffix.csv": lambda: gzip.compress(text().encode()),
    "table.parquet": lambda: by_pandas("to_parquet"),
    "parquet_without_suffix": lambda: by_pandas("to_parquet"),
    "table.feather": lambda: by_pandas("to_feather"),
    "table.arrow": arrow_stream,
    "table.xlsx": lambda: by_pandas("to_excel", index=False),
    "row_names.xlsx": lambda: by_pandas("to_excel"),
    "below_a_gap.xlsx": lambda: by_pandas(
        "to_excel", index=False, startrow=2, startcol=1
    ),
}
