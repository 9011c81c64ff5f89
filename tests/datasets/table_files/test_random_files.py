"""Random tables, written in random ways, are read back, with options if asked for."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.datasets.table_files import FileOptions, read_table_file

WORDS = np.array(
    ["Zürich", "São Paulo", "x,y", "x;y", 'say "hi"', "mid|bar", "tab\there", "no", ""],
    dtype=object,
)
MANY = [pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(30, 600)]


def random_table(rng):
    """Return columns of texts and numbers, and the decimals of the numbers."""
    n = int(rng.integers(3, 40))
    # two decimals make the decimal mark certain
    columns, decimals = {"sure": rng.normal(0, 1e4, n)}, {"sure": 2}
    for j in range(rng.integers(1, 6)):
        name = f"{rng.choice(WORDS)} {j}".strip()
        if rng.random() < 0.5:
            columns[name] = rng.normal(0, 10.0 ** rng.integers(0, 7), n)
            columns[name][rng.random(n) < 0.1] = np.nan
            decimals[name] = int(rng.integers(0, 5))
        else:
            columns[name] = rng.choice(WORDS, n)
    return pd.DataFrame(columns), decimals


@pytest.mark.parametrize("seed", [*range(30), *MANY])
def test_a_random_table_is_read_back(seed, tmp_path):
    rng = np.random.default_rng(seed)
    frame, decimals = random_table(rng)
    decimal, sep = str(rng.choice([".", ","])), str(rng.choice([",", ";", "\t", "|"]))
    groups = {".": ["", ",", " ", "'"], ",": ["", ".", " ", "\u202f"]}[decimal]
    group = str(rng.choice(groups))
    wide = group == "\u202f"
    encoding = str(rng.choice(["utf-8", "utf-16"] if wide else ["utf-8", "cp1252"]))
    marks = {ord(","): group, ord("."): decimal}
    written, expected = frame.copy(), frame.replace("", np.nan)
    for name, n in decimals.items():
        texts = [f"{value:,.{n}f}" for value in frame[name]]
        written[name] = [t.translate(marks) if t != "nan" else "" for t in texts]
        expected[name] = [float(text.replace(",", "")) for text in texts]
    path = tmp_path / "it.csv"
    written.to_csv(path, index=False, sep=sep, encoding=encoding)
    try:
        found = read_table_file(path, FileOptions()).frame
    except ValueError as error:
        if "the separator of the columns is ambiguous" not in str(error):
            raise
        found = read_table_file(path, FileOptions(sep=sep)).frame
    for name in expected:
        if name in decimals:
            numbers = found[name].astype(float)
            pd.testing.assert_series_equal(numbers, expected[name], rtol=1e-14)
        else:
            texts = [found[name].fillna(""), expected[name].fillna("")]
            assert texts[0].tolist() == texts[1].tolist()
