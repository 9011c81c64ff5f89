"""Write a fitted model as an ONNX graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.export._graph import INPUT, Graph
from sklearn_mtl.export._models import task_values
from sklearn_mtl.export._names import description, output_names
from sklearn_mtl.persistence import replacing
from sklearn_mtl.utils._pipelines import fitted_model

__all__ = ["to_onnx"]


def to_onnx(model: Any, path: str | Path) -> None:
    """Write a fitted model as an ONNX graph, to predict without Python or torch.

    The graph reads numbers and gives what `predict_proba` does for classifications and
    `predict` for regressions. All that happens to X is in it: missing values are filled
    in and flagged, columns scaled, clipped and embedded, members averaged.

    Its input is "X", float64 (n_samples, n_features) with NaN where a value is missing;
    uint8 where a net was fitted to pictures of uint8. It has an output for each task:
    float64 (n_samples, n_classes) probabilities or (n_samples,) values. Output names
    are those of the tasks, with an underscore for each character that is no ASCII
    letter or digit, ``task_`` in front of what begins with no letter, and a number
    behind a name that is there already.

    The metadata of the file hold JSON: "tasks" is a list with name, output, kind and
    classes of each task, in order; "features" the names of the columns, if X had names;
    "model" the class. A task of `TaskDecisionsCV` has "costs" too: its class is the k
    with the smallest sum over j of p_j costs[j][k].

    Parameters
    ----------
    model : estimator
        A fitted net, linear model, forest or blend; `IndependentTasks`,
        `TaskGroupSearchCV` or `TaskDecisionsCV` of these or of what skl2onnx converts;
        or a Pipeline or search of one, whose other steps skl2onnx converts. Columns
        must be numbers: categories, text and sparse X are refused.
    path : str or Path
        Where the file goes. An old file is replaced when the new one is complete, and
        left as it was if that fails.

    Raises
    ------
    TypeError
        If a part of the model has no nodes; the error names it and, of categories, the
        columns.
    ValueError
        If the graph is larger than a file of ONNX may be.
    ImportError
        If onnx, or skl2onnx where it is needed, is not installed.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    See Also
    --------
    save : Save a model to load it in Python again.

    Notes
    -----
    The same model gives the same bytes. Predictions in onnxruntime differ from those
    here by rounding: less than 1e-5, values in units of their standard deviation. There
    are no checks of X: where `predict` says that X has a value that it cannot use, the
    graph gives NaN or some number.

    Operators are of versions 17 (ai.onnx) and 3 (ai.onnx.ml), which onnxruntime knows
    since 1.13.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import onnxruntime
    >>> import sklearn_mtl
    >>> from sklearn_mtl.datasets import make_multitask_regression
    >>> X, y = make_multitask_regression(random_state=0)
    >>> model = sklearn_mtl.MultiTaskLinearRegressor().fit(X, y)
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.onnx"
    >>> sklearn_mtl.to_onnx(model, path)
    >>> session = onnxruntime.InferenceSession(path)
    >>> (values,) = session.run(["task1"], {"X": X})
    >>> bool(abs(values - model.predict(X)[:, 1]).max() < 1e-5)
    True
    """
    check_is_fitted(model)
    last = fitted_model(model)
    is_bytes = not isinstance(model, Pipeline) and getattr(last, "_is_byte_fit", False)
    graph = Graph(getattr(model, "n_features_in_", 0), is_bytes=is_bytes)
    values = task_values(model, graph, INPUT)
    tasks = last.task_set_.tasks
    names = output_names(tasks)
    widths = [task.n_classes if task.is_classification else None for task in tasks]
    outputs = dict(zip(names, zip(values, widths, strict=True), strict=True))
    data = graph.finish(outputs, description(model, tasks, names))
    with replacing(Path(path)) as file:
        file.write(data)
