"""
Four tasks for each image
=========================

This example shows the built-in data of ``make compare``. They are scikit-learn's
handwritten digits at a random position, with a random size and rotation. The four tasks
are to predict the digit, its position, its size and its rotation from the same pixels.
Some of the labels are hidden.
"""

# %%
# The data
# --------
# With ``as_frame=True``, the tasks and classes have names.

from sklearn_mtl.datasets import load_digit_scenes

scenes = load_digit_scenes(500, missing_fraction=0.3, as_frame=True)
print(scenes.target.head())

# %%
# The images
# ----------
# The title of each image shows its labels; "?" is a hidden label.

import matplotlib.pyplot as plt

side = int(scenes.data.shape[1] ** 0.5)
pixels = scenes.data.to_numpy().reshape(-1, side, side)
labels = scenes.target.astype(object).fillna("?").to_numpy()

figure, axes = plt.subplots(2, 4, figsize=(9, 5), layout="constrained")
for axis, image, label in zip(axes.flat, pixels, labels, strict=False):
    axis.imshow(image, cmap="gray_r")
    axis.set_title("\n".join(map(str, label)), fontsize=9)
    axis.set_axis_off()
plt.show()

# %%
# Missing labels
# --------------
# In every task, 30 % of the labels are missing, for different samples. Dropping all
# samples with a missing label would discard most of the data.

print(scenes.target.isna().mean().round(2).to_dict())
print(f"complete samples: {scenes.target.notna().all(axis=1).mean():.0%}")
