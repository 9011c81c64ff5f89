"""Groups reach the estimator that a retriever fits."""

import numpy as np
import pytest
from sklearn import config_context

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.neighbors import NeighborRetriever
from tests.neural_network.nets import table, tiny


@pytest.mark.parametrize("is_routed", [False, True])
def test_groups_reach_the_estimator(is_routed):
    X, y = table(90)
    net = tiny(MultiTaskClassifier, n_members=3, early_stopping=True)
    with config_context(enable_metadata_routing=is_routed):
        groups = np.arange(90) // 9
        found = NeighborRetriever(net).fit(X, y[:, :2], groups=groups).estimator_
        alone = net.fit(X, y[:, :2], groups=groups)
    for one, two in zip(found.oof_prediction_, alone.oof_prediction_, strict=True):
        np.testing.assert_array_equal(one, two)
