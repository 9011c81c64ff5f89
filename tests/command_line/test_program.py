"""The lines to copy call the program as a shell finds it."""

import sys

import pytest

from sklearn_mtl.command_line._program import program


@pytest.fixture
def script(tmp_path, monkeypatch):
    """An executable in a folder that is not on PATH, as the program that runs."""
    path = tmp_path / "my env" / "bin" / "sklearn-mtl"
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(path), "compare"])
    monkeypatch.setenv("PATH", str(tmp_path))
    return path


def test_a_program_on_path_has_its_name(script, monkeypatch):
    monkeypatch.setenv("PATH", str(script.parent))
    assert program() == "sklearn-mtl"


def test_another_program_is_called_by_its_path(script, monkeypatch):
    assert program() == f"'{script}'"
    monkeypatch.chdir(script.parents[1])
    assert program() == "bin/sklearn-mtl"


def test_another_program_of_this_name_on_path_is_not_called(script, monkeypatch):
    other = script.parents[2] / "sklearn-mtl"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    assert program() == f"'{script}'"


def test_python_that_calls_main_has_the_name(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/pytest"])
    assert program() == "sklearn-mtl"
