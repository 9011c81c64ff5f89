"""The grid of pictures: its arrays, its frames, and where it is drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.neighbors import NeighborRetriever, RetrievalDisplay

X, DIGIT = load_digits(return_X_y=True)
X, Y = X[:300], np.column_stack([DIGIT, DIGIT % 2])[:300]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def retriever():
    return NeighborRetriever(PCA(12), n_neighbors=3).fit(X[50:], Y[50:])


def frame_of(axis):
    (color,) = {to_hex(spine.get_edgecolor()) for spine in axis.spines.values()}
    return color


def test_it_keeps_the_pictures_and_which_tasks_agree(retriever):
    display = RetrievalDisplay.from_estimator(retriever, X[:4], Y[:4], X_gallery=X[50:])
    distances, indices = retriever.kneighbors(X[:4])
    np.testing.assert_array_equal(display.queries, X[:4].reshape(-1, 8, 8))
    np.testing.assert_array_equal(
        display.neighbors, X[50:][indices].reshape(4, 3, 8, 8)
    )
    np.testing.assert_array_equal(display.agrees, Y[50:][indices] == Y[:4, None])
    np.testing.assert_array_equal(display.distances, distances)
    assert display.axes_.shape == (4, 4)
    assert display.figure_ is display.axes_[0, 0].figure


def test_labels_are_matched_to_the_tasks_of_the_gallery():
    y = pd.DataFrame(Y, columns=["digit", "odd"])
    retriever = NeighborRetriever(PCA(12), n_neighbors=3).fit(X[50:], y[50:])
    expected = RetrievalDisplay.from_estimator(
        retriever, X[:4], Y[:4], X_gallery=X[50:]
    )
    swapped = y[["odd", "digit"]][:4]
    shown = RetrievalDisplay.from_estimator(retriever, X[:4], swapped, X_gallery=X[50:])
    np.testing.assert_array_equal(shown.agrees, expected.agrees)
    assert shown.task_names == ["digit", "odd"]
    unknown = y[:4].rename(columns={"odd": "even"})
    with pytest.raises(TaskError, match=r"columns of y are \['digit', 'even'\], but"):
        RetrievalDisplay.from_estimator(retriever, X[:4], unknown, X_gallery=X[50:])


def test_a_frame_tells_which_tasks_agree():
    y = [["a", "x"]]
    y_gallery = [["a", "x"], ["a", "y"], ["b", "x"], ["b", "y"], ["a", "x"]]
    display = RetrievalDisplay.from_neighbors(
        X[:1], X[:5], [[0, 1, 2, 3, 4, -1]], y, y_gallery
    )
    colors = [frame_of(axis) for axis in display.axes_[0, 1:]]
    assert len(set(colors)) == 4
    assert colors[0] == colors[4]  # both agree
    assert colors[3] == colors[5]  # none agrees, nothing was found
    (legend,) = display.figure_.legends
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts[0] == "task0 and task1"
    assert sorted(texts[1:3]) == ["task0", "task1"]
    assert texts[3] == "none"


def test_a_kind_of_agreement_has_the_same_frame_in_all_figures():
    pictures = np.zeros((1, 1, 2, 2))
    kinds = [[True, True], [True, False], [False, True], [False, False]]
    together = RetrievalDisplay(
        np.zeros((1, 2, 2)), np.zeros((1, 4, 2, 2)), agrees=np.array([kinds])
    )
    together.task_names = ["digit", "odd"]
    frames = [frame_of(axis) for axis in together.plot().axes_[0, 1:]]
    for kind, frame in zip(kinds, frames, strict=True):
        alone = RetrievalDisplay(
            pictures[0],
            pictures,
            agrees=np.array([[kind]]),
            task_names=["digit", "odd"],
        )
        assert frame_of(alone.plot().axes_[0, 1]) == frame
        (legend,) = alone.figure_.legends
        assert len(legend.get_texts()) == 1


def test_pictures_share_one_scale_of_brightness():
    queries, neighbors = np.full((1, 2, 2), 3.0), np.full((1, 1, 2, 2), -1.0)
    axes = RetrievalDisplay(queries, neighbors).plot().axes_[0]
    assert [axis.images[0].get_clim() for axis in axes] == [(-1, 3), (-1, 3)]


@pytest.mark.parametrize(("top", "shown"), [(1.0, 0.5), (255.0, 0.5 / 255)])
def test_colours_beyond_the_unit_range_are_scaled(top, shown):
    queries, neighbors = np.full((1, 2, 2, 3), 0.5), np.zeros((1, 2, 2, 2, 3))
    neighbors[0, 1] = top
    axes = RetrievalDisplay(queries, neighbors).plot().axes_[0]
    values = [float(axis.images[0].get_array().max()) for axis in axes]
    np.testing.assert_allclose(values, [shown, 0.0, 1.0])


def test_the_legend_lists_the_tasks_that_agree():
    y_gallery = np.eye(6)[:3] * [[1], [1], [0]]
    display = RetrievalDisplay.from_neighbors(
        X[:1], X[:3], [[0, 1, 2]], np.zeros((1, 6)), y_gallery
    )
    assert len({frame_of(axis) for axis in display.axes_[0, 1:]}) == 3
    (legend,) = display.figure_.legends
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts[1] == "task0, task2, task3, task4 and task5"


@pytest.mark.parametrize(
    ("distances", "texts"),
    [
        ([0.0262, 0.03], ["0.0262", "0.0300"]),
        ([0.45, 1.0], ["0.45", "1.00"]),
        ([123.4, np.inf], ["123", "inf"]),
        ([0.0, 0.0], ["0.00", "0.00"]),
    ],
)
def test_distances_have_the_same_decimals(distances, texts):
    display = RetrievalDisplay.from_neighbors(
        X[:1], X[:2], [[0, 1]], distances=[distances]
    )
    assert [axis.get_title() for axis in display.axes_[0, 1:]] == texts


def test_without_labels_there_are_no_frames(retriever):
    display = RetrievalDisplay.from_estimator(retriever, X[:1], X_gallery=X[50:])
    assert display.agrees is None
    assert display.figure_.legends == []


def test_missing_labels_agree_with_nothing():
    display = RetrievalDisplay.from_neighbors(
        X[:2], X[:2], [[0, 1], [0, 1]], [1, np.nan], [np.nan, 1]
    )
    np.testing.assert_array_equal(
        display.agrees[..., 0], [[False, True], [False, False]]
    )


def test_it_is_drawn_again_inside_of_other_axes(retriever):
    display = RetrievalDisplay.from_estimator(
        retriever, X[:2], Y[:2], X_gallery=X[50:], n_neighbors=2
    )
    figure, ax = plt.subplots()
    assert display.plot(ax=ax) is display
    assert display.figure_ is figure
    assert display.axes_.shape == (2, 3)
    figure.canvas.draw()


@pytest.mark.parametrize(
    ("shape", "image_shape", "drawn"),
    [
        ((2, 64), None, (2, 8, 8)),
        ((2, 64), (4, 16), (2, 4, 16)),
        ((2, 48), (3, 4, 4), (2, 4, 4, 3)),
        ((2, 30), (2, 5, 3), (2, 2, 5, 3)),
        ((2, 1, 4, 4), None, (2, 4, 4)),
        ((2, 4, 5), None, (2, 4, 5)),
        ((2, 3, 4, 5), None, (2, 4, 5, 3)),
    ],
)
def test_pictures_come_in_many_shapes(shape, image_shape, drawn):
    pictures = np.random.default_rng(0).random(shape)
    display = RetrievalDisplay.from_neighbors(
        pictures, pictures, [[1], [0]], image_shape=image_shape
    )
    assert display.queries.shape == drawn
    assert display.neighbors.shape == (2, 1, *drawn[1:])


def test_sparse_pictures_are_drawn():
    rows = sparse.csr_matrix(X[:3])
    display = RetrievalDisplay.from_neighbors(rows, rows, [[1], [0], [0]])
    np.testing.assert_array_equal(display.queries, X[:3].reshape(-1, 8, 8))


def test_shapes_that_do_not_fit_are_refused(retriever):
    flat = np.zeros((2, 50))
    with pytest.raises(ValueError, match="samples with 50 values are not square"):
        RetrievalDisplay.from_neighbors(flat, flat, [[0], [1]])
    with pytest.raises(ValueError, match=r"shape \(50,\) do not match .*\(5, 5\)"):
        RetrievalDisplay.from_neighbors(flat, flat, [[0], [1]], image_shape=(5, 5))
    two = np.zeros((2, 2, 5, 5))
    with pytest.raises(
        ValueError, match=r"\(2, 5, 5\) cannot be drawn; they must have"
    ):
        RetrievalDisplay.from_neighbors(two, two, [[0], [1]])
    with pytest.raises(ValueError, match=r"X_gallery has 2 images; .* 250 items"):
        RetrievalDisplay.from_estimator(retriever, X[:1], X_gallery=X[:2])
