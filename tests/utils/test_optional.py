import math

import pytest

from sklearn_mtl.utils._optional import import_optional


def test_what_is_there_is_imported():
    assert import_optional("math", extra="plot", who="Me") is math


def test_what_is_absent_is_named_with_the_extra_that_brings_it():
    message = r"Me needs no-such: pip install 'sklearn-mtl\[plot\]'\."
    with pytest.raises(ImportError, match=message):
        import_optional("no_such.thing", extra="plot", who="Me")
