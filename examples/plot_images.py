"""
Classes, positions, angles and boxes from images
================================================

Each image shows one coloured shape and has ten labels: classes, a position, a size, an
angle and a box. One net with a convolutional trunk learns all tasks, although a tenth
of the labels are hidden.
"""

# %%
# The images
# ----------
# The images are flattened rows of type uint8. A disc has no rotation, so this label is
# missing for discs.

import pandas as pd

from sklearn_mtl.datasets import make_shapes

made = make_shapes(
    2000,
    size=16,
    scale=(0.3, 0.45),
    noise=0.02,
    missing_fraction=0.1,
    return_X_y=False,
    random_state=0,
)
labels = pd.DataFrame(made.y, columns=made.task_names)
print(labels.head(3).round(1).T)

# %%
# The net
# -------
# Angles are periodic: 359 degrees and 1 degree are close. ``CircularLoss`` takes this
# into account.

from sklearn_mtl import MultiTaskMixedEstimator
from sklearn_mtl.losses import CircularLoss
from sklearn_mtl.modules import Conv

n_train = 1600
model = MultiTaskMixedEstimator(
    trunk=Conv(made.image_shape, (16, 32), hidden=128, normalization="batch"),
    task_types=dict(zip(made.task_names, made.task_types, strict=True)),
    loss={"rotation": CircularLoss(period=360)},
    lr=0.005,
    max_epochs=30,
    random_state=0,
).fit(made.X[:n_train], labels[:n_train])

# %%
# Accuracy
# --------
# Each task has a suitable metric. The four columns of the box have a common metric.

import numpy as np

from sklearn_mtl.metrics import circular_error, mean_iou

given = pd.DataFrame(
    model.predict(made.X[n_train:]).astype(float), columns=made.task_names
)
truth = pd.DataFrame(made.y_complete[n_train:], columns=made.task_names)
box = ["left", "top", "right", "bottom"]
turned = truth["rotation"].notna()
print(f"shape accuracy   {(given['shape'] == truth['shape']).mean():.2f}")
print(f"colour accuracy  {(given['colour'] == truth['colour']).mean():.2f}")
distance = (given - truth)[["x", "y"]].abs().mean().mean()
print(f"error of x, y    {distance:.2f} pixels")
angles = truth.loc[turned, "rotation"], given.loc[turned, "rotation"]
error = circular_error(*angles, period=360)
print(f"error of angle   {error:.0f} degrees (chance: 90)")
print(f"mean IoU of box  {mean_iou(truth[box], given[box]):.2f}")

# %%
# Predictions
# -----------
# The plots show the predicted box and the predicted direction of the shape for test
# images.

import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

figure, axes = plt.subplots(2, 5, figsize=(10, 4.6), layout="constrained")
for i, axis in enumerate(axes.flat):
    row = given.iloc[i]
    axis.imshow(made.images[n_train + i], extent=(0, 16, 16, 0))
    size = row["right"] - row["left"], row["bottom"] - row["top"]
    axis.add_patch(Rectangle((row["left"], row["top"]), *size, fill=False, ec="white"))
    name = made.target_names["shape"][int(row["shape"])]
    if name != "disc":
        angle = np.deg2rad(row["rotation"])
        reach = row["scale"] * np.array([np.cos(angle), -np.sin(angle)])
        axis.arrow(row["x"], row["y"], *reach, color="white", head_width=0.8)
        axis.set(xlim=(0, 16), ylim=(16, 0))  # the arrow changed the limits
    colour = made.target_names["colour"][int(row["colour"])]
    axis.set_title(f"{colour} {name}", fontsize=9)
    axis.set_axis_off()
plt.show()
