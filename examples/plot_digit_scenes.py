"""
Four tasks in one picture
=========================

The built-in data of ``make compare``: scikit-learn's handwritten digits, pasted at a
random place, in a random size and turned by a random angle. Which digit, where, how
large and how turned are four different questions about the same pixels, and a share of
the labels is hidden.
"""

# %%
# The data
# --------
# As DataFrames, so that the tasks have names and the classes too.

from sklearn_mtl.datasets import load_digit_scenes

scenes = load_digit_scenes(500, missing_fraction=0.3, as_frame=True)
print(scenes.target.head())

# %%
# The pictures
# ------------
# The title has the labels that a model may learn from; "?" is a hidden one.

import matplotlib.pyplot as plt

side = int(scenes.data.shape[1] ** 0.5)
pixels = scenes.data.to_numpy().reshape(-1, side, side)
labels = scenes.target.astype(object).fillna("?").to_numpy()

figure, axes = plt.subplots(2, 4, figsize=(9, 5), layout="constrained")
for axis, picture, label in zip(axes.flat, pixels, labels, strict=False):
    axis.imshow(picture, cmap="gray_r")
    axis.set_title("\n".join(map(str, label)), fontsize=9)
    axis.set_axis_off()
plt.show()

# %%
# What is hidden
# --------------
# Every task misses its share of the labels, each in other rows: dropping rows with a
# missing label would throw most of the data away.

print(scenes.target.isna().mean().round(2).to_dict())
print(f"complete rows: {scenes.target.notna().all(axis=1).mean():.0%}")
