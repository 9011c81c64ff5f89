"""Export of a fitted model to an ONNX file."""

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
    """Export a fitted model to an ONNX graph, which predicts without Python or torch.

    The outputs of the graph are those of `predict_proba` for classification tasks and
    of `predict` for regression tasks. The graph includes the whole preparation of X:
    imputation and flags of missing values, scaling, clipping and embedding.

    The graph has one input, "X", which is float64 of shape (n_samples, n_features) with
    NaN for missing values. It is uint8 if a net was fitted to uint8 images. There is
    one float64 output per task: probabilities of shape (n_samples, n_classes) or values
    of shape (n_samples,). The names of the outputs are those of the tasks, with three
    changes. Characters other than ASCII letters and digits are replaced by underscores.
    Names that do not begin with a letter get the prefix ``task_``. Duplicate names get
    a number at the end.

    The metadata of the file contain JSON. "tasks" is a list with the name, output, kind
    and classes of each task. "features" has the names of the columns, if X had names.
    "model" has the class of the model. Tasks of `TaskDecisionsCV` also have "costs":
    predict the class k with the smallest sum over j of p_j costs[j][k].

    Parameters
    ----------
    model : estimator
        Fitted net, linear model, forest or blend; `IndependentTasks`,
        `TaskGroupSearchCV` or `TaskDecisionsCV` of these or of estimators that skl2onnx
        converts; or a search or Pipeline with such a model, if skl2onnx converts the
        other steps. The columns must be numeric: categories, texts and sparse X are not
        supported.
    path : str or Path
        Path of the file. An existing file is replaced once the new file is complete,
        and remains unchanged if the export fails.

    Raises
    ------
    TypeError
        If a part of the model is not supported. The error names the part, or the
        columns with categories.
    ValueError
        If the graph exceeds the maximum size of an ONNX file.
    ImportError
        If onnx is not installed, or skl2onnx is needed and not installed.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    See Also
    --------
    save : Save a model in one file to load it in Python.

    Notes
    -----
    Exporting the same model again gives the same bytes. The predictions of onnxruntime
    differ from those of the model only by rounding, by less than 1e-5, where values of
    regression tasks are measured in units of their standard deviation. The graph does
    not check X: for values that `predict` would reject with an error, it returns NaN or
    arbitrary numbers.

    The operators have the versions 17 (ai.onnx) and 3 (ai.onnx.ml), which onnxruntime
    supports since 1.13.

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
