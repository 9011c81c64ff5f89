import pandas as pd
import pytest
from sklearn.utils import Bunch

from sklearn_mtl.datasets import _openml, fetch_multitask_openml


@pytest.fixture
def asked(monkeypatch):
    """Stand in for the download: what was asked for is recorded."""
    calls = []

    def fetch(**arguments):
        calls.append(arguments)
        target = pd.DataFrame({"y1": [0.5, 1.5, 2.25], "y2": ["a", "b", None]})
        names = arguments["target_column"]
        return Bunch(
            data=pd.DataFrame({"x": [1, 2, 3]}),
            target=target[names[0]] if len(names) == 1 else target[names],
            DESCR="text",
        )

    monkeypatch.setattr(_openml, "fetch_openml", fetch)
    return calls


def test_targets_become_tasks(asked):
    table = fetch_multitask_openml(data_id=1472, targets=("y1", "y2"))
    assert asked[0]["target_column"] == ["y1", "y2"]
    assert asked[0]["data_id"] == 1472
    assert table.task_names == ["y1", "y2"]
    assert table.task_types == ["regression", "binary"]
    assert table.feature_names == ["x"]
    assert table.DESCR == "text"


def test_one_target_stays_a_table(asked):
    _, y = fetch_multitask_openml("energy", targets=["y1"], return_X_y=True)
    assert y.shape == (3, 1)


def test_a_single_string_is_refused(asked):
    with pytest.raises(TypeError, match="targets is the string 'y1'"):
        fetch_multitask_openml("energy", targets="y1")
    with pytest.raises(ValueError, match="targets is empty"):
        fetch_multitask_openml("energy", targets=[])
    assert asked == []
