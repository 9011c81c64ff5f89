import numpy as np
import pytest

from sklearn_mtl.utils._random import draw_seed, spawn_seeds


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_a_generator_gives_a_seed_and_moves_on(make):
    one, other = make(0), make(0)
    seeds = [draw_seed(one), draw_seed(one)]
    assert seeds[0] != seeds[1]
    assert seeds == [draw_seed(other), draw_seed(other)]
    assert all(0 <= seed < 2**31 for seed in seeds)


@pytest.mark.parametrize("seed", [0, 42, np.int64(7)])
def test_a_whole_number_is_the_seed(seed):
    assert draw_seed(seed) == seed
    assert type(draw_seed(seed)) is int


def test_none_gives_fresh_seeds_and_leaves_the_global_generator_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - what must not move
    assert len({draw_seed(None) for _ in range(5)}) == 5
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("wrong", ["seed", 1.5])
def test_what_is_no_random_state_is_refused(wrong):
    with pytest.raises(ValueError, match="random_state must be None, an int, a Random"):
        draw_seed(wrong)


def test_more_seeds_keep_the_first_ones():
    assert spawn_seeds(3, 5)[:2] == spawn_seeds(3, 2)
    assert len(set(spawn_seeds(3, 5))) == 5


def test_streams_and_seeds_are_apart():
    assert not set(spawn_seeds(3, 5)) & set(spawn_seeds(3, 5, stream=1))
    assert not set(spawn_seeds(3, 5)) & set(spawn_seeds(4, 5))
    assert all(0 <= seed < 2**63 for seed in spawn_seeds(3, 5))
