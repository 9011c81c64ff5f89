from dataclasses import replace

import numpy as np
import pytest

from sklearn_mtl.comparison.results._costs import Costs
from sklearn_mtl.comparison.run._fits import Fit, FitJob
from sklearn_mtl.comparison.run._time_left import TimeLeft

LIGHT = FitJob(0, 0, -1, "light", None, False, np.arange(80), np.arange(9), effort=0.1)
FOREST = replace(LIGHT, model=1, name="forest", effort=1.0)
NET = replace(LIGHT, model=2, name="net", effort=3.0)


def done(job, seconds, predict=0.0):
    return [Fit(job, None, None, [], Costs(seconds, predict))]


def test_a_model_that_was_measured_counts_by_its_training_samples():
    half = replace(FOREST, inner=0, train=np.arange(40))
    left = TimeLeft([[FOREST], [FOREST], [half]], n_workers=1)
    left.add(done(FOREST, 7.0, 1.0))
    assert left.seconds() == pytest.approx(8.0 + 4.0)


def test_a_model_that_was_not_counts_by_its_effort():
    left = TimeLeft([[FOREST], [FOREST], [NET]], n_workers=1)
    left.add(done(FOREST, 2.0))
    assert left.seconds() == pytest.approx(2.0 + 6.0)


def test_nothing_is_said_after_light_fits_alone():
    left = TimeLeft([[LIGHT], [FOREST]], n_workers=1)
    assert left.seconds() is None
    left.add(done(LIGHT, 5.0))
    assert left.seconds() is None


@pytest.mark.parametrize(("n_workers", "seconds"), [(2, 6.0), (8, 4.0)])
def test_workers_share_the_work_as_far_as_there_are_fits(n_workers, seconds):
    left = TimeLeft([[FOREST]] * 4, n_workers)
    left.add(done(FOREST, 4.0))
    assert left.seconds() == pytest.approx(seconds)


def test_jobs_of_one_fit_count_once_and_failures_take_no_time():
    left = TimeLeft([[FOREST], [FOREST, FOREST]], n_workers=1)
    left.add([*done(FOREST, 4.0, 1.0), *done(FOREST, 4.0, 1.0)])
    assert left.seconds() == pytest.approx(6.0)
    left.add(done(FOREST, np.nan, np.nan))
    assert left.seconds() == 0.0
