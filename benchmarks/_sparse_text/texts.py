"""Two sets of short texts: docstrings of installed packages."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

__all__ = ["PACKAGES", "TextSet", "load_texts", "make_large"]

PACKAGES = ("numpy", "scipy", "sklearn", "pandas", "matplotlib")
_SECTION = re.compile(r"\n\s*(Parameters|Args|Arguments|Returns|Yields)\s*(\n\s*-|:)")
_PARTS = {
    "has_references": re.compile(r"\n\s*References\s*\n\s*-|\.\. \[1\]"),
    "has_examples": re.compile(r"\n\s*Examples?\s*(\n\s*-|:)"),
}
_N_WORDS = 5  # in the shortest text
_N_TAGS = 200


@dataclass(frozen=True)
class Docstring:
    """One docstring: its location, and properties of the code below it."""

    package: str
    text: str  # before the sections
    whole: str
    is_class: bool
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class TextSet:
    """Texts for training and for tests, with TF-IDF; all tasks have integer classes."""

    X: sparse.csr_array
    y: np.ndarray  # (n_samples, n_tasks)
    X_test: sparse.csr_array
    y_test: np.ndarray
    texts: list[str]
    texts_test: list[str]

    @property
    def inputs(self) -> tuple[sparse.csr_array, sparse.csr_array]:
        """The matrices of both sets."""
        return self.X, self.X_test


def read_docstrings() -> list[Docstring]:
    """Return the docstrings of the packages, one for each text, sorted."""
    found: dict[str, Docstring] = {}
    for package in PACKAGES:
        spec = find_spec(package)
        for place in (spec and spec.submodule_search_locations) or ():
            for path in sorted(Path(place).rglob("*.py")):
                if "test" not in str(path.relative_to(place)):
                    for one in _of_file(package, path):
                        found.setdefault(one.text, one)
    return [found[text] for text in sorted(found)]


def _of_file(package: str, path: Path) -> Iterator[Docstring]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        whole = ast.get_docstring(node) or ""
        text = _SECTION.split(whole, maxsplit=1)[0].strip()
        # the name of the package would reveal the label
        text = re.sub("|".join(PACKAGES), " ", text, flags=re.IGNORECASE)
        if len(text.split()) < _N_WORDS:
            continue
        is_class = isinstance(node, ast.ClassDef)
        yield Docstring(package, text, whole, is_class, _arguments(node))


def _arguments(node: ast.FunctionDef | ast.ClassDef) -> tuple[str, ...]:
    if isinstance(node, ast.ClassDef):
        starts = [n for n in node.body if getattr(n, "name", None) == "__init__"]
        if not starts or not isinstance(starts[0], ast.FunctionDef):
            return ()
        node = starts[0]
    arguments = node.args
    names = [a.arg for a in (*arguments.args, *arguments.kwonlyargs)]
    return tuple(name for name in names if name not in {"self", "cls"})


def load_texts(name: str, n_samples: int, seed: int, *, select: bool) -> TextSet:
    """Return the set "tasks" or "tags", half of it for tests; or a part for choices.

    "tasks": which package, whether a class, whether there are references, and whether
    there are examples. "tags": which of the 200 most usual names of parameters it has.
    With select, both parts are of the training samples alone.
    """
    rng = np.random.default_rng(seed)
    docstrings = read_docstrings()
    if name == "tags":
        docstrings = [one for one in docstrings if one.arguments]
    order = rng.permutation(len(docstrings))[:n_samples]
    docstrings = [docstrings[i] for i in order]
    y = _tasks(docstrings) if name == "tasks" else _tags(docstrings)
    n_train = len(docstrings) // 2
    n_end = len(docstrings)
    if select:
        n_train, n_end = n_train * 3 // 4, n_train
    texts = [one.text for one in docstrings]
    vectorizer = TfidfVectorizer(min_df=2, sublinear_tf=True)
    X = vectorizer.fit_transform(texts[:n_train])
    X_test = vectorizer.transform(texts[n_train:n_end])
    if name == "tags":  # those that can be learned and scored
        seen, asked = y[:n_train], y[n_train:n_end]
        y = y[:, (seen.sum(axis=0) >= 2) & (asked.sum(axis=0) >= 1)]
    train, test = slice(0, n_train), slice(n_train, n_end)
    matrices = sparse.csr_array(X), y[train], sparse.csr_array(X_test), y[test]
    return TextSet(*matrices, texts[:n_train], texts[n_train:n_end])


def _tasks(docstrings: list[Docstring]) -> np.ndarray:
    columns = [
        [PACKAGES.index(one.package) for one in docstrings],
        [one.is_class for one in docstrings],
        *([bool(p.search(d.whole)) for d in docstrings] for p in _PARTS.values()),
    ]
    return np.array(columns, dtype=np.int64).T


def _tags(docstrings: list[Docstring]) -> np.ndarray:
    counts = Counter(name for one in docstrings for name in one.arguments)
    # equal counts in the order of the alphabet, so that no order of files matters
    kept = sorted(counts, key=lambda tag: (-counts[tag], tag))[:_N_TAGS]
    rows = [[tag in one.arguments for tag in kept] for one in docstrings]
    return np.array(rows, dtype=np.int64)


def make_large(
    n_samples: int, n_columns: int, n_nonzero: int
) -> tuple[sparse.csr_array, np.ndarray]:
    """Return random sparse rows with this number of values, and four binary tasks."""
    rng = np.random.default_rng(0)
    # words as rare as in texts
    share = 1.0 / (10.0 + np.arange(n_columns))
    edges = np.cumsum(share / share.sum())
    columns = np.searchsorted(edges, rng.random((n_samples, n_nonzero)))
    columns = np.minimum(columns, n_columns - 1)
    rows = np.repeat(np.arange(n_samples), n_nonzero)
    values = rng.random(n_samples * n_nonzero) + 0.5
    X = sparse.csr_array((values, (rows, columns.ravel())), (n_samples, n_columns))
    X.sum_duplicates()
    logits = X @ rng.normal(size=(n_columns, 4)) / np.sqrt(n_nonzero)
    y = (logits + rng.normal(size=logits.shape) > 0).astype(np.int64)
    return X, y
