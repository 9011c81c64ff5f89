"""CITATION.cff, which GitHub and Zenodo read."""

from pathlib import Path

import pytest

import sklearn_mtl

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parents[1]
REQUIRED = {"cff-version", "message", "title", "authors"}
# https://github.com/citation-file-format/citation-file-format, schema guide of 1.2.0
OTHERS = {"abstract", "keywords", "license", "type", "version"}


@pytest.fixture(scope="module")
def citation():
    return yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def test_the_keys_are_those_of_the_format(citation):
    assert REQUIRED <= citation.keys() <= REQUIRED | OTHERS
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert all(isinstance(author["name"], str) for author in citation["authors"])


def test_version_and_licence_are_those_of_the_package(citation):
    assert citation["version"] == sklearn_mtl.__version__
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'license = "{citation["license"]}"' in declared
