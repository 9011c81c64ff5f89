"""Whether outputs know labels that are independent of all that they may know."""

import numpy as np


def chance(y, outputs, groups):
    """Return the correlations with the labels over groups, in standard errors.

    They are normal variables of variance about 1 where outputs do not know the labels.
    Shapes: y (n_samples, n_tasks), the same in a group -> (n_tasks,).
    """
    y, found = (
        np.stack([part[groups == g].mean(axis=0) for g in np.unique(groups)])
        for part in (y, np.column_stack(outputs))
    )
    pairs = zip(y.T, found.T, strict=True)
    return np.sqrt(len(y) - 1) * np.array([np.corrcoef(*p)[0, 1] for p in pairs])
