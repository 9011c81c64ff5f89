"""Files that earlier versions wrote are read, and predict what they predicted then."""

import warnings

import numpy as np
import pytest

import sklearn_mtl
from sklearn_mtl.exceptions import OtherVersionWarning
from tests.equivalences.inputs import NEW, outputs
from tests.persistence.make_golden import FOLDER

FILES = sorted(FOLDER.glob("*/*.mtl"))


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_a_file_of_an_earlier_version_is_read(file):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OtherVersionWarning)
        model = sklearn_mtl.load(file)
    expected = np.loadtxt(file.with_suffix(".csv"), delimiter=",")
    # float32 of a net on another processor
    np.testing.assert_allclose(outputs(model, NEW), expected, rtol=1e-5, atol=1e-6)


def test_there_are_files_of_this_format():
    assert FILES
