"""The same comparison runs on a Dask cluster through joblib's backend."""

import sys

import numpy as np
import pytest
from joblib import parallel_config

from sklearn_mtl.comparison import compare
from sklearn_mtl.datasets import make_multitask_classification
from sklearn_mtl.ensemble import MultiTaskForestClassifier

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes on this machine, on ports that are free."""
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # any port that is free
            memory_limit=None,
            silence_logs=50,
        ) as local,
        distributed.Client(local) as client,
    ):
        yield client


@pytest.mark.exhaustive  # a scheduler and two workers take ten seconds to start
def test_a_cluster_finds_the_same_as_this_process(cluster, tmp_path):
    X, y = make_multitask_classification(
        120, 5, 3, n_informative=5, n_classes=[2, 3, 2], random_state=0
    )
    forest = MultiTaskForestClassifier(n_estimators=5, random_state=0)
    rows = ["dummy", "linear", ("forest", forest)]
    options = {"cv": 2, "inner_cv": 2, "learning_curve": [0.5]}
    alone = compare(X, y, rows, **options)
    with parallel_config("dask"):
        found = compare(X, y, rows, **options, cache_dir=tmp_path)
    np.testing.assert_array_equal(found.measured.scores, alone.measured.scores)
    np.testing.assert_array_equal(
        found.measured.second_scores, alone.measured.second_scores
    )
    np.testing.assert_array_equal(found.measured.chosen, alone.measured.chosen)
    np.testing.assert_array_equal(found.curve.scores, alone.curve.scores)
    assert found.verdict == alone.verdict
    assert len(list(tmp_path.iterdir())) == 2 * (4 + 2 * 2 + 2)
    # both workers had something to do
    assert all(cluster.run(has_fitted).values())


def has_fitted():
    return "sklearn_mtl.comparison.run._fits" in sys.modules
