import numpy as np

from sklearn_mtl.neural_network.checkpoint._history import HistoryWriter, read_history

PLAIN = [
    {"loss": 0.1 + 0.2, "best": True, "by": [float("inf"), 1e-320, None], "n": 2**70},
    {"loss": -0.0, "batches": [{}, {"x": "a"}], "epoch": 2},
    {"loss": 3.0},
]


def test_past_epochs_come_back_with_their_types():
    found = read_history(HistoryWriter().write(PLAIN))
    assert repr(found) == repr(PLAIN)


def test_an_epoch_is_turned_into_text_once():
    writer = HistoryWriter()
    first = writer.write(PLAIN[:2])["past"]
    assert len(first) == 1
    second = writer.write(PLAIN)
    assert second["past"][0] is first[0]
    assert second["rest"] == PLAIN[2:]


def test_what_json_would_change_stays_as_it_is():
    for value in (np.float32(1), (1, 2), {1: 2}, np.arange(3)):
        history = [{"loss": 1.0}, {"odd": value}, {"loss": 2.0}, {"loss": 3.0}]
        written = HistoryWriter().write(history)
        assert len(written["past"]) == 1
        assert written["rest"][0]["odd"] is value
        assert read_history(written)[1]["odd"] is value
