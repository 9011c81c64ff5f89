from tests.kernels import OLDEST, decisions, decisions_elsewhere


def test_the_oldest_kernels_decide_as_the_newest():
    here, there = decisions(), decisions_elsewhere(OLDEST)
    assert {name for name in here if here[name] != there[name]} == set()
    assert here.keys() == there.keys()
