"""Write the golden files: models of this version, and what they predict.

Run it once for each version of the file format or of the classes in it. Files of
earlier versions stay in their folders, and the tests load all of them.

    python -m tests.persistence.make_golden
"""

from pathlib import Path

import numpy as np

import sklearn_mtl
from sklearn_mtl import MultiTaskMixedEstimator
from tests.equivalences.inputs import NEW, TARGETS, ZOO, X, outputs

FOLDER = Path(__file__).parent / "golden"
SMALL_NET = {"hidden_layer_sizes": (4,), "max_epochs": 3, "random_state": 0}
NAMES = ["linear", "linear CV", "forest", "groups", "independent"]


def models():
    """Yield small fitted models of mixed tasks by name."""
    for name in NAMES:
        yield name, ZOO["mixed", name]()
    yield "net", MultiTaskMixedEstimator(**SMALL_NET, n_members=2)


if __name__ == "__main__":
    folder = FOLDER / sklearn_mtl.__version__
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in models():
        model.fit(X, TARGETS["mixed"])
        file = folder / f"{name.replace(' ', '_')}.mtl"
        sklearn_mtl.save(model, file)
        np.savetxt(file.with_suffix(".csv"), outputs(model, NEW), delimiter=",")
