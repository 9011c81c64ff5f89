"""Draw the picture of the start page: `python docs/start_picture.py`.

The data and the models are those of docs/guide/few_labels.rst, with more draws.
"""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes

from sklearn_mtl import IndependentTasks, MultiTaskLinearRegressor
from sklearn_mtl.metrics import per_task_score
from sklearn_mtl.model_selection import train_test_split

N_LABELS = (10, 15, 20, 30, 50, 100)
N_DRAWS = 40
TASKS = ["target", "s1", "s2", "s3", "s4", "s5", "s6"]


def measure():
    """Return scores (n_labels, n_draws, 2) of the shared model and of its twin."""
    table = load_diabetes(as_frame=True, scaled=False).frame
    parts = table[["age", "sex", "bmi", "bp"]], table[TASKS]
    X, X_test, y, y_test = train_test_split(*parts, test_size=0.5, random_state=0)
    shared = MultiTaskLinearRegressor()
    scores = np.empty((len(N_LABELS), N_DRAWS, 2))
    for i, n_labels in enumerate(N_LABELS):
        for seed in range(N_DRAWS):
            few = y.copy()
            hidden = np.random.default_rng(seed).permutation(len(y))[n_labels:]
            few.iloc[hidden, 0] = np.nan
            for j, model in enumerate((shared, IndependentTasks(shared))):
                predicted = model.fit(X, few).predict(X_test)
                scores[i, seed, j] = per_task_score(y_test, predicted)["target"]
    return scores


def draw(scores, path):
    """Draw means, and bands of two standard errors."""
    mpl.rcParams |= {"svg.hashsalt": "start", "font.size": 11}
    figure, ax = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    looks = [("C0", "o", "shared with six blood tests"), ("C1", "s", "alone")]
    for j, (colour, marker, label) in enumerate(looks):
        mean = scores[..., j].mean(axis=1)
        reach = 2 * scores[..., j].std(axis=1, ddof=1) / N_DRAWS**0.5
        ax.plot(N_LABELS, mean, color=colour, marker=marker, label=label)
        ax.fill_between(N_LABELS, mean - reach, mean + reach, color=colour, alpha=0.2)
    ax.set_xscale("log")
    ax.set_xticks(N_LABELS, [str(n) for n in N_LABELS])
    ax.minorticks_off()
    ax.set(xlabel="labels of the progression of diabetes", ylabel="R² on other people")
    ax.legend(loc="lower right")
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    draw(measure(), Path(__file__).parent / "start_picture.svg")
