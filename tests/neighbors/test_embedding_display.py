"""The scatter of a representation: its points, panels and colours."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.neighbors import EmbeddingDisplay
from tests.zoo import SMALL_NET

X, DIGIT = load_digits(return_X_y=True)
X, DIGIT = X[:200], DIGIT[:200]
FRAME = pd.DataFrame({"digit": DIGIT.astype(str), "ink": X.mean(axis=1)})


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_there_is_a_panel_for_each_task():
    scaler = StandardScaler().fit(X)
    display = EmbeddingDisplay.from_estimator(scaler, X, FRAME)
    assert [axis.get_title() for axis in display.axes_] == ["digit", "ink"]
    np.testing.assert_allclose(
        display.points, PCA(2).fit_transform(scaler.transform(X))
    )
    labels = [text.get_text() for text in display.axes_[0].get_legend().get_texts()]
    assert labels == [str(digit) for digit in range(10)]
    assert len(display.figure_.axes) == 3  # two panels and a colour bar


def test_points_without_a_label_are_grey():
    y = FRAME["digit"].where(np.arange(200) % 4 > 0)
    display = EmbeddingDisplay(X[:, 10:12], y).plot()
    missing, *classes = display.axes_[0].collections
    assert len(missing.get_offsets()) == 50
    assert sum(len(one.get_offsets()) for one in classes) == 150
    assert len({one.get_facecolor().tobytes() for one in classes}) == 7
    legend = display.axes_[0].get_legend()
    assert legend.get_texts()[0].get_text() == "no label"


def test_the_legend_of_many_classes_stays_in_the_figure():
    display = EmbeddingDisplay(X[:, 10:12], np.arange(200) % 20).plot()
    display.figure_.canvas.draw()
    drawn = display.axes_[0].get_legend().get_window_extent()
    assert 0 <= drawn.y0 < drawn.y1 <= display.figure_.bbox.height


def test_labels_of_other_items_are_refused():
    with pytest.raises(ValueError, match="y has 199 rows for 200 points"):
        EmbeddingDisplay(X[:, :2], DIGIT[1:])


def test_sparse_representations_are_projected():
    vectorizer = TfidfVectorizer().fit(["a bb cc dd", "ee ff"])
    texts = ["bb cc", "dd bb", "ff", "cc", "ee ff", "cc ee"]
    display = EmbeddingDisplay.from_estimator(vectorizer, texts, [0, 0, 1, 0, 1, 1])
    expected = PCA(2).fit_transform(vectorizer.transform(texts).toarray())
    np.testing.assert_allclose(abs(display.points), abs(expected), atol=1e-8)


def test_a_net_is_drawn_by_the_view_of_a_task():
    y = np.column_stack([DIGIT, DIGIT % 2])
    net = MultiTaskClassifier(**(SMALL_NET | {"max_epochs": 2})).fit(X, y)
    display = EmbeddingDisplay.from_estimator(net, X, y, task=1, view="probability")
    points = PCA(2).fit_transform(net.transform_task(X, 1, kind="probability"))
    np.testing.assert_allclose(display.points, points, atol=1e-6)


def test_the_projection_and_the_axes_may_be_given():
    figure, axes = plt.subplots(2)
    scaler = StandardScaler().fit(X)
    projection = TruncatedSVD(2, random_state=0)
    display = EmbeddingDisplay.from_estimator(
        scaler, X, FRAME, projection=projection, ax=axes
    )
    assert display.figure_ is figure
    assert not hasattr(projection, "components_")
    figure.canvas.draw()
    net = MultiTaskClassifier(**SMALL_NET).fit(X, DIGIT > 4)
    message = r"'projection' view of task 'task0' of X has shape \(200, 1\)"
    with pytest.raises(ValueError, match=message):
        EmbeddingDisplay.from_estimator(net, X, DIGIT > 4, task="task0")
    with pytest.raises(ValueError, match=r"PCA returns shape \(200, 3\)"):
        EmbeddingDisplay.from_estimator(scaler, X, FRAME, projection=PCA(3))
    with pytest.raises(ValueError, match=r"1 axes for the 2 tasks \['digit', 'ink'\]"):
        display.plot(ax=axes[0])
