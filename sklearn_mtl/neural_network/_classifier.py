"""The multi-task classifier."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any, ClassVar, Literal

from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags

from sklearn_mtl.neural_network._base import BaseMultiTaskNet
from sklearn_mtl.neural_network._parameters import CONSTRAINTS
from sklearn_mtl.tasks import CLASS_WEIGHT, ClassOutputsMixin
from sklearn_mtl.uncertainty import SetsMixin
from sklearn_mtl.utils._typing import (
    ClassWeight,
    FeaturesLike,
    Seed,
    TargetsLike,
    TaskNumbers,
)

__all__ = ["MultiTaskClassifier"]


class MultiTaskClassifier(
    SetsMixin, ClassOutputsMixin, ClassifierMixin, BaseMultiTaskNet
):
    r"""Classify several targets with one net: a shared trunk and a head for each task.

    Minimises

    .. math:: \sum_t v_t \frac{\sum_i w_{it}\, \ell(f_t(x_i), y_{it})}{\sum_i w_{it}}

    where :math:`\ell` is the cross-entropy or another `loss`, :math:`w` are the weights
    of the labels, zero for missing labels, and :math:`v` are the task weights.
    `shared_penalty` and `task_relation` add terms. Use it for related targets,
    especially if labels are missing or classes are rare. To measure whether sharing
    helps on your data, use :func:`sklearn_mtl.comparison.compare`.

    Parameters
    ----------
    Model

    hidden_layer_sizes : sequence of int or "auto", default="auto"
        Number of units in each layer of the default trunk. The last layer is the shared
        representation. "auto" is (128, 128). For a sparse X with at least 512 columns
        it is (), a linear map to a few dimensions.
    activation : str, default="gelu"
        Nonlinearity of the default trunk: "gelu", "identity", "logistic", "relu",
        "silu" or "tanh".
    dropout : float or "auto", default="auto"
        Fraction of the units of the default trunk that are dropped during training.
        "auto" is 0.15, or 0 if all samples form one batch.
    trunk : None, trunk spec, nn.Module or callable, default=None
        Layers shared by all tasks. None is
        ``MLP(hidden_layer_sizes, activation, dropout)``. A spec, such as ``MLP()``,
        has parameters that can be tuned, such as ``trunk__dropout``. A module, or a
        callable that takes the number of features and returns a module, maps
        (n_samples, n_features) to (n_samples, n_hidden). It receives the raw values of
        X, unless it has an attribute ``preparation = "table"``. With ``Text()``, X is
        a sequence of texts or of lists of tokens.
    head : {"linear", "mlp", "feedback"} or head spec, default="linear"
        Layers of each task. "linear" is a linear map of the representation. "mlp" has
        one hidden layer per task (``MLPHead(hidden_layer_sizes=(32,))``). "feedback" is
        a linear map of the representation and of the predictions for the other tasks
        (``FeedbackHead(n_passes=1)``).
    n_members : int or "auto", default="auto"
        Number of independent nets whose predictions are averaged. They are trained
        together in batched matrix products. "auto" is 8 for trunk specs that read
        tables, such as `MLP`, and 1 for ``Text()`` and custom modules.

    Objective

    loss : str, spec, dict or list, default="cross_entropy"
        Loss function: a name or a spec of :mod:`sklearn_mtl.losses`, or a different one
        for each task in a dict by task name or a list in task order. For classification
        tasks: "cross_entropy" (``CrossEntropy(label_smoothing=0.1)``) and "focal"
        (``FocalLoss(gamma=2.0)``). For regression tasks: "squared_error", "huber"
        (``HuberLoss(delta=1.0)``, delta in standard deviations of the target) and
        "circular" (``CircularLoss(period=2 * pi)``), which is for angles and other
        periodic targets. "auto" is "cross_entropy" for classification and
        "squared_error" for regression. It is also used for the tasks that a dict does
        not name, and for the tasks whose type does not match the given name.
    balancing : str, spec or object of torchjd, default="sum"
        Method that balances the tasks: a name or a spec of
        :mod:`sklearn_mtl.balancing`, or a Weighting, Aggregator or Scalarizer of
        torchjd. "sum", "mean", "fixed", "random", "uncertainty", "dwa",
        "geometric_mean", "imtl_l", "stch" and "famo" weight the task losses, which
        affects all parameters. "mgda", "pcgrad", "cagrad", "imtl_g", "aligned_mtl",
        "upgrad", "nash_mtl", "fairgrad" and "gradnorm" weight the task gradients, which
        affects only the shared parameters.
    gramian : {"auto", "features", "shared"}, default="auto"
        Gradients from which the weights of the task gradients are computed. "features"
        uses the gradients with respect to the shared representation, in closed form and
        at almost no cost. "shared" uses the exact gradients with respect to the shared
        parameters. "auto" is "features" if all heads are linear maps of the same
        representation and every pair of tasks has at least 70 % of its labels in
        common. Methods that weight losses ignore this parameter.
    update_every : int or "auto", default="auto"
        Number of steps after which gradient weights are computed again. "auto" is 1 if
        `gramian` is "features" and 10 if it is "shared".
    task_schedule : str or spec, default="synchronous"
        Tasks that are trained in each step. "synchronous" trains all tasks.
        "asynchronous" trains one task after the other with the heads of the other tasks
        frozen (``Asynchronous(frequency="uniform", order="cyclic")``). "sampled" trains
        randomly drawn tasks (``Sampled(n_tasks=1, frequency="uniform")``). An epoch is
        always one pass over the samples.
    task_relation : array-like, "learned" or None, default=None
        Relation between the tasks: a symmetric, non-negative similarity matrix of shape
        (n_tasks, n_tasks) that pulls each pair of tasks together in proportion to its
        entry. "learned" estimates the covariance of the heads during training. Only
        tasks with outputs of equal shape are pulled together. The rows and columns of a
        DataFrame are matched to the tasks by name.
    relation_on : {"auto", "outputs", "heads"}, default="auto"
        Quantities of related tasks that are pulled together: "outputs" for their
        probabilities or standardised predictions, "heads" for the weights of their
        heads. "auto" is "heads" if `task_relation` is "learned", else "outputs".
    relation_strength : float, default=0.1
        Factor of the `task_relation` penalty in the objective.
    shared_penalty : float, default=0.0
        Factor of the squared L2 norm of the weights of the shared layers in the
        objective. Biases are not penalised; the learned factors of the inputs are
        pulled to 1.
    task_weight : "auto", dict, array-like of shape (n_tasks,) or None, default="auto"
        Factor of each task's loss in the objective. Tasks that a dict does not name
        have factor 1; None is 1 for all tasks. With "auto" the factors are proportional
        to the square root of the number of labels and have mean 1, so that tasks with
        few labels, which overfit first, do not dominate the shared layers. Labels count
        with their sample weights, over all calls of partial_fit. If `balancing` is not
        "sum", "auto" is 1 for all tasks.
    class_weight : None, "balanced", dict or list, default=None
        Weights of the classes. "balanced" uses weights inversely proportional to the
        class frequencies of each task. A dict {label: weight} applies to all tasks. A
        dict by task name or a list in task order has one of these values per task.

    Optimisation

    optimizer : {"adamw", "adam", "sgd"} or torch optimizer class, default="adamw"
        Optimiser.
    lr : float, default=0.003
        Learning rate; the maximum of the schedule.
    lr_schedule : {"cosine", "constant"}, default="cosine"
        "cosine" increases the rate over the first 20 steps and then decreases it to
        zero over `max_epochs`. "constant" keeps it at `lr`; `callbacks` may change it.
    weight_decay : float or "auto", default="auto"
        Weight decay of the optimiser. Biases do not decay. AdamW decouples it from the
        objective. "auto" is 0.3 for "adamw" (0.01 with ``Text()``), 0 for "adam" and
        "sgd", and the default of the class for a torch optimizer class.
    batch_size : int, "auto" or None, default="auto"
        Number of samples per step. "auto" is n_samples / 20, but between 32 and 256 (32
        with ``Text()``). Up to 100 samples, it is one batch of all samples. None is all
        samples, always in the same order.
    max_epochs : int or "auto", default="auto"
        Maximum number of passes over the training samples. "auto" is about 800 steps,
        but at least 12 epochs (3,000 and 16 with ``Text()``). If all tasks are
        regressions and the held-out loss has converged to less than 5 % of that of
        predicting the mean, training continues without dropout for up to three times as
        many epochs.
    early_stopping : bool or "auto", default="auto"
        Whether to keep the weights of the epoch with the lowest held-out loss. The loss
        of each task is divided by that of predicting the class frequencies or the mean.
        "auto" is True above 100 samples, but False with ``Text()``. `fit` holds out
        whole groups if it gets `groups`, and uses `X_val` and `y_val` instead if it
        gets them.
    validation_fraction : float, default=0.15
        Fraction of the samples to hold out, stratified on all tasks, if there is one
        member. With several members, each member holds out a different fold.
    n_iter_no_change : int or "auto", default="auto"
        Number of epochs without improvement after which training stops. "auto" is a
        quarter of `max_epochs`, but at least 5.

    Data

    numeric_embedding : PiecewiseLinear, "auto" or None, default="auto"
        Embedding of the numeric columns of a table. "auto" is ``PiecewiseLinear()`` if
        there are more than 100 samples and more than four samples per numeric column,
        else None.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns to one-hot encode: the text and categorical columns of a DataFrame
        ("from_dtype"), or column names, indices or a boolean mask. Beyond 64 categories
        per column, the rarest categories share one output. Unknown categories are
        encoded as zeros; an UnseenCategoryWarning is issued if they are most of the
        values of a column.
    on_empty_task : {"raise", "warn"}, default="raise"
        Treatment of a task without any observed label: raise an error, or warn and
        predict NaN.

    Running

    monitor : {"gradients"} or None, default=None
        "gradients" adds statistics of the exact task gradients to `history_`, computed
        in each epoch on up to 128 samples.
    callbacks : list of skorch callbacks, default=None
        Callbacks of skorch. Use `set_callbacks` for those of scikit-learn. Training is
        slower if a callback overrides a method that skorch calls for every batch.
    n_stored_samples : int or "auto", default="auto"
        Number of training samples to store with the net, drawn at random from all
        samples seen so far. `partial_fit` and `update` train on them again. `update`
        also evaluates its result on the stored samples that were held out, which are at
        most half of them if there is one member. Pickles of the net contain the stored
        samples; files of `save` contain them only with training_state=True. "auto" is
        1024 (or 64 MB of images) if the first call is `partial_fit`. After `fit` it is
        0, so that sharing the model does not share training samples.
    checkpoint : str, path or None, default=None
        Folder to which the state of training is written after every epoch. If fit was
        interrupted, the same call resumes from the last epoch; the result is
        bit-identical to that of an uninterrupted fit. If fit was completed, the same
        call loads the result, unless random_state is None. Each combination of data and
        parameters has a separate subfolder.
    device : str, default="cpu"
        Device of torch: "cpu", "cuda" or "cuda:1", or "auto" for "cuda" if there is a
        GPU and "cpu" if not. A fitted net stays on its device. Predictions are always
        NumPy arrays. Apple's "mps" is not supported, because it has no float64.
    data_parallel : bool, default=False
        Whether fit divides each batch between the processes that ``accelerate launch``
        has started. Every process must call fit with all samples. The result is that of
        one process, up to rounding and the random numbers of dropout, and is the same
        in all processes. Requires accelerate.
    dtype : {"auto", "float32", "float64", "bfloat16", "float16"}, default="auto"
        Floating-point type. "auto" is float64 if all samples fit in one batch, else
        float32. "bfloat16" and "float16" are used for the matrix products and
        convolutions of the trunk only; parameters, heads and losses are float32. They
        are faster for large layers on hardware with such instructions. "float16" scales
        the gradients against underflow, and skips steps that overflow; use it on GPUs
        without bfloat16.
    n_threads : int or None, default=1
        Number of torch threads for fitting and predicting. Small nets are fastest with
        one. None keeps the current setting of torch. The setting is restored
        afterwards.
    warm_start : bool, default=False
        Whether another call of fit starts from the weights and the optimiser state of
        the previous one, with a new learning rate schedule. As in further calls of
        `partial_fit`, a change of a parameter that defines the net, such as `dtype`,
        `optimizer` or `balancing`, is an error.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the initial weights, batches, folds and dropout. Pass an int for
        bit-identical results across calls. The global random generators have no effect.
    verbose : int, default=0
        If 1, show a progress bar over the epochs.

    Attributes
    ----------
    classes_ : ndarray, or list of ndarray
        Class labels; a list with one array per task if y was 2-D.
    n_tasks_ : int
        Number of tasks.
    task_names_in_ : ndarray of shape (n_tasks,)
        Names of the tasks: the columns of y, or task0, task1, ...
    task_set_ : TaskSet
        Description of the tasks.
    net_ : skorch.NeuralNet
        The net, with its module, optimiser and history.
    history_ : dict of str to ndarray
        Record of training, with one value per epoch in each array. Shapes are
        (n_epochs, n_tasks) for values per task, else (n_epochs,).

        - "train_loss", "valid_loss": loss of each task; NaN without labels.
        - "valid_score": 1 - loss / loss of predicting the class frequencies or the
          mean, for each task.
        - "valid_criterion": criterion of early stopping.
        - "lr": learning rate; NaN in calls of partial_fit after fit.
        - "duration": seconds.
        - "task_weight": mean weight of the loss or gradient of each task; NaN in an
          epoch without labels of the task.
        - "gramian": gradients that were weighted, if `balancing` weights gradients.
        - "gradient_norm", "gradient_cosine", "gradient_conflict": norm of the gradient
          of each task, mean cosine over pairs of tasks, and fraction of pairs with a
          negative cosine, if `monitor` is "gradients".
        - "task_relation", "shared_penalty": these terms of the objective, if they are
          used.
        - "task_turns": number of steps that trained each task, if `task_schedule` is
          not "synchronous".
    n_iter_ : int
        Number of epochs run.
    best_epoch_ : int
        Epoch whose weights were kept, counted from 1.
    oof_prediction_ : ndarray or list of ndarray
        Out-of-fold predictions of the training samples, if each of several members
        held out a fold.
    added_tasks_ : dict of str to AddedTask
        Results of `add_task` for each task that it added.
    update_ : UpdateRecord
        Result of the last call of `update`.
    task_relation_ : ndarray of shape (n_tasks, n_tasks)
        Given similarity or learned covariance, if `task_relation` is not None.
    n_features_in_ : int
        Number of features seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X has feature names.

    See Also
    --------
    MultiTaskRegressor : Net for regression tasks.
    MultiTaskMixedEstimator : Net for classification and regression tasks.

    Notes
    -----
    An epoch costs O(n_samples * n_members * (n_trunk_weights + n_outputs * n_hidden)).
    The heads of all tasks form one matrix, and the losses of all tasks are computed in
    one pass over the logits.

    References
    ----------
    R. Caruana, "Multitask Learning", Machine Learning 28, 1997.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_mtl import MultiTaskClassifier
    >>> X, species = load_iris(return_X_y=True)
    >>> y = np.c_[species, X[:, 0] > 5.8].astype(float)
    >>> y[::3, 1] = np.nan  # labels may be missing
    >>> model = MultiTaskClassifier(n_members=2, random_state=0).fit(X[:, 1:], y)
    >>> [proba.shape for proba in model.predict_proba(X[:5, 1:])]
    [(5, 3), (5, 2)]
    """

    _kind = "classification"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "class_weight": CLASS_WEIGHT,
    }

    def __init__(
        self,
        *,
        hidden_layer_sizes: Sequence[int] | str = "auto",
        activation: str = "gelu",
        dropout: float | str = "auto",
        trunk: Any = None,
        head: Any = "linear",
        n_members: int | str = "auto",
        loss: Any = "cross_entropy",
        balancing: Any = "sum",
        gramian: str = "auto",
        update_every: int | str = "auto",
        task_schedule: Any = "synchronous",
        task_relation: Any = None,
        relation_on: str = "auto",
        relation_strength: float = 0.1,
        shared_penalty: float = 0.0,
        task_weight: TaskNumbers | Literal["auto"] | None = "auto",
        class_weight: ClassWeight | None = None,
        optimizer: Any = "adamw",
        lr: float = 3e-3,
        lr_schedule: str = "cosine",
        weight_decay: float | str = "auto",
        batch_size: int | str | None = "auto",
        max_epochs: int | str = "auto",
        early_stopping: bool | str = "auto",
        validation_fraction: float = 0.15,
        n_iter_no_change: int | str = "auto",
        numeric_embedding: Any = "auto",
        categorical_features: str | ArrayLike | None = "from_dtype",
        on_empty_task: str = "raise",
        monitor: str | None = None,
        callbacks: list | None = None,
        n_stored_samples: int | str = "auto",
        checkpoint: str | PathLike[str] | None = None,
        device: str = "cpu",
        data_parallel: bool = False,
        dtype: str = "auto",
        n_threads: int | None = 1,
        warm_start: bool = False,
        random_state: Seed = None,
        verbose: int = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.trunk = trunk
        self.head = head
        self.n_members = n_members
        self.loss = loss
        self.balancing = balancing
        self.gramian = gramian
        self.update_every = update_every
        self.task_schedule = task_schedule
        self.task_relation = task_relation
        self.relation_on = relation_on
        self.relation_strength = relation_strength
        self.shared_penalty = shared_penalty
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.optimizer = optimizer
        self.lr = lr
        self.lr_schedule = lr_schedule
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.numeric_embedding = numeric_embedding
        self.categorical_features = categorical_features
        self.on_empty_task = on_empty_task
        self.monitor = monitor
        self.callbacks = callbacks
        self.n_stored_samples = n_stored_samples
        self.checkpoint = checkpoint
        self.device = device
        self.data_parallel = data_parallel
        self.dtype = dtype
        self.n_threads = n_threads
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def partial_fit(
        self,
        X: FeaturesLike,
        y: TargetsLike,
        classes: Any = None,
        sample_weight: ArrayLike | None = None,
    ) -> MultiTaskClassifier:
        """Train on a further batch of samples.

        If the first call is `partial_fit`, each call trains for one epoch at a constant
        learning rate; nothing is held out. About a thousand random samples of the
        stream (`n_stored_samples`) are stored, and pickled with the estimator. Each
        call trains on as many stored samples as there are new ones, so that the net
        does not forget the beginning of a sorted stream. As long as all samples are
        stored, the net is trained again on all of them whenever their number has
        doubled. This sets the scales of X and y, the categories and the embedding
        again; later calls do not.

        After `fit`, each call makes one second-order step of the last layer and does
        not change the shared representation. `update` can change all layers, and keeps
        its result only if the held-out loss is not higher.

        The first call fixes the tasks, classes and columns. With
        ``class_weight="balanced"``, the class frequencies are those of all calls.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; missing labels are allowed.
        classes : array-like, list of array-like, or dict, default=None
            All labels that can occur in any call: an array for 1-D y, else one array
            per task. Required in the first call; later None or the same classes.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), \
                default=None
            Weights of samples or labels.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        TaskError
            If y has undeclared labels, or `classes` differs from the first call.
        ValueError
            If X or sample_weight is invalid, `classes` is missing in the first call, or
            a parameter was changed that defines the net.
        """
        return self._partial_fit(X, y, classes, sample_weight)

    def __sklearn_tags__(self) -> Tags:
        """Declare multilabel targets."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
