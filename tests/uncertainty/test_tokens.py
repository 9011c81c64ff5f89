"""Tags of tokens beside tasks that have intervals and sets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.modules import Text

TEXTS = ["open the door", "close the window", "the door", "open it"] * 12


@pytest.fixture(scope="module")
def model():
    y = pd.DataFrame(
        {
            "tags": [["O"] * (len(t.split()) - 1) + ["thing"] for t in TEXTS],
            "verb": [t.split()[0] for t in TEXTS],
        }
    )
    trunk = Text(n_buckets=64, embedding_size=8, width=4)
    model = MultiTaskClassifier(
        trunk=trunk, max_epochs=2, early_stopping=True, random_state=0
    )
    return model.fit(TEXTS, y)


def test_tags_have_no_set_and_do_not_disturb_those_of_classes(model):
    tags, verb = model.predict_set(TEXTS[:3], coverage=0.8)
    assert tags is None
    assert verb.shape == (3, 3)
    assert verb.any(axis=1).all()


def test_members_speak_in_the_order_of_the_texts(model):
    (tags,), verbs = model.predict_members(TEXTS[:3])
    expected_tags, expected_verbs = model.predict_proba(TEXTS[:3])
    for found, expected in zip(tags, expected_tags, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_allclose(verbs[0], expected_verbs, rtol=1e-6)
