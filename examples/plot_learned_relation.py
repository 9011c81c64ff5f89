"""
Learn the relation of tasks with a net
======================================

Nine regression tasks form three groups, and most of their labels are missing. With
``task_relation="learned"``, a net learns the covariance of the heads together with
their weights (Zhang and Yeung, UAI 2010). The groups are not given to the net.
"""

# %%
# The data
# --------
# The tasks of a group have nearly the same coefficients. 70 % of the labels are hidden.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import r2_score

from sklearn_mtl import MultiTaskRegressor
from sklearn_mtl.datasets import make_multitask_regression

made = make_multitask_regression(
    500,
    n_tasks=9,
    n_groups=3,
    relatedness=0.9,
    noise=0.7,
    missing_fraction=0.7,
    return_X_y=False,
    random_state=0,
)
X, y, X_test, signal = made.X[:300], made.y[:300], made.X[300:], made.signal[300:]

# %%
# Three nets
# ----------
# The first net uses no relation, the second uses the true groups, and the third learns
# the relation. The score is the mean R2 of the predictions for new samples, compared
# with the noiseless signal.

groups = (made.task_groups[:, None] == made.task_groups).astype(float)
settings = {
    "no relation": {},
    "groups given": {"task_relation": groups},
    "learned": {"task_relation": "learned", "relation_strength": 1.0},
}
models = {
    name: MultiTaskRegressor(
        hidden_layer_sizes=(64,), n_members=4, random_state=0, **arguments
    ).fit(X, y)
    for name, arguments in settings.items()
}
scores = {
    name: r2_score(signal, model.predict(X_test)) for name, model in models.items()
}
for name, score in scores.items():
    print(f"{name:<12} R2 = {score:.3f}")

# %%
# The learned relation
# --------------------
# The plots show the correlations of the true coefficients and those of the learned
# heads.


def correlation(covariance: np.ndarray) -> np.ndarray:
    """Return the correlations of a covariance."""
    deviation = np.sqrt(np.diag(covariance))
    return covariance / np.outer(deviation, deviation)


parts = {
    "true coefficients": made.coef @ made.coef.T,
    "task_relation_": models["learned"].task_relation_,
}
figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
for axis, (title, covariance) in zip(axes, parts.items(), strict=True):
    image = axis.imshow(correlation(covariance), cmap="RdBu_r", vmin=-1, vmax=1)
    axis.set(title=title, xlabel="task", xticks=range(9), yticks=range(9))
axes[0].set_ylabel("task")
figure.colorbar(image, ax=axes, label="correlation", shrink=0.8)
plt.show()
