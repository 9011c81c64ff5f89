import math

import pytest

from sklearn_mtl.utils._optional import import_optional, is_installed


def test_what_is_there_is_imported():
    assert import_optional("math", extra="plot", who="Me") is math


def test_what_is_absent_is_named_with_the_extra_that_brings_it():
    message = r"Me needs no-such: pip install 'sklearn-mtl\[plot\]'\."
    with pytest.raises(ImportError, match=message):
        import_optional("no_such.thing", extra="plot", who="Me")


def test_a_package_that_is_broken_tells_its_own_reason(tmp_path, monkeypatch):
    (tmp_path / "broken_package.py").write_text("import no_such_thing")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match="No module named 'no_such_thing'"):
        import_optional("broken_package", extra="plot", who="Me")


def test_whether_a_package_is_there_is_told():
    assert is_installed("math")
    assert not is_installed("no_such_thing")
