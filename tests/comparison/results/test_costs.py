import pickle

import numpy as np

from sklearn_mtl.comparison.results._costs import pickled_size


def test_size_is_that_of_the_pickle():
    model = {"coef": np.arange(1000.0), "name": "x"}
    assert pickled_size(model) == len(pickle.dumps(model, protocol=5))


def test_what_cannot_be_pickled_has_no_size():
    assert np.isnan(pickled_size(lambda: None))
