"""A class and a number in one net, in Keras 3."""

import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

wine = load_wine(as_frame=True).frame
x = StandardScaler().fit_transform(wine.drop(columns=["target", "alcohol"]))
alcohol = (wine["alcohol"] - wine["alcohol"].mean()).to_numpy()
known = np.ones(len(x))
known[::4] = 0.0  # missing labels have the weight 0, and a value that is ignored

entry = keras.Input((x.shape[1],))
shared = layers.Dense(64, activation="relu")(entry)
outputs = {
    "cultivar": layers.Dense(3, activation="softmax", name="cultivar")(shared),
    "alcohol": layers.Dense(1, name="alcohol")(shared),
}
model = keras.Model(entry, outputs)
model.compile(
    "adam",
    loss={"cultivar": "sparse_categorical_crossentropy", "alcohol": "mse"},
)
labels = {"cultivar": wine["target"].to_numpy(), "alcohol": alcohol}
weights = {"cultivar": np.ones(len(x)), "alcohol": known}
model.fit(x, labels, sample_weight=weights, epochs=20, verbose=0)
predicted = model.predict(x, verbose=0)
print((predicted["cultivar"].argmax(axis=1) == wine["target"]).mean())
