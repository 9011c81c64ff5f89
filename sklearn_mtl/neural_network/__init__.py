"""Multi-task neural networks with a shared trunk and one head per task."""

from sklearn_mtl.neural_network._base import BaseMultiTaskNet as BaseMultiTaskNet
from sklearn_mtl.neural_network._classifier import MultiTaskClassifier
from sklearn_mtl.neural_network._mixed import MultiTaskMixedEstimator
from sklearn_mtl.neural_network._regressor import MultiTaskRegressor
from sklearn_mtl.neural_network.data._held import (
    read_validation_inputs as read_validation_inputs,
)
from sklearn_mtl.neural_network.data._held import (
    read_validation_labels as read_validation_labels,
)
from sklearn_mtl.neural_network.data._labels import Labels as Labels
from sklearn_mtl.neural_network.data._targets import TargetEncoder as TargetEncoder
from sklearn_mtl.neural_network.growth._added import AddedTask
from sklearn_mtl.neural_network.objective._affinity import (
    AffinityRecorder as AffinityRecorder,
)
from sklearn_mtl.neural_network.objective._affinity import (
    recorded_affinity as recorded_affinity,
)
from sklearn_mtl.neural_network.updates._record import LossChange, UpdateRecord

__all__ = [
    "AddedTask",
    "LossChange",
    "MultiTaskClassifier",
    "MultiTaskMixedEstimator",
    "MultiTaskRegressor",
    "UpdateRecord",
]
