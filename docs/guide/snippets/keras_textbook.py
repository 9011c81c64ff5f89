"""A model with two heads, and a variant with a relation layer, in Keras 3."""

import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_digits

digits = load_digits()
x = (digits.images / 16.0).astype("float32")[..., None]  # (n, height, width, channels)
digit, third = digits.target, np.digitize(digits.target, [4, 7])


def trunk(image):
    """Return the input of both heads."""
    z = layers.Conv2D(32, 3, activation="relu")(image)
    z = layers.Flatten()(layers.MaxPooling2D(2)(z))
    return layers.Dense(64, activation="relu")(z)


def textbook():
    """Return two heads on one trunk."""
    image = keras.Input((8, 8, 1))
    z = trunk(image)
    outputs = {
        "digit": layers.Dense(10, activation="softmax", name="digit")(z),
        "third": layers.Dense(3, activation="softmax", name="third")(z),
    }
    return keras.Model(image, outputs)


def with_relations():
    """Return two heads, each of which also reads the other's soft output."""
    image = keras.Input((8, 8, 1))
    z = trunk(image)
    first = {"digit": layers.Dense(10)(z), "third": layers.Dense(3)(z)}
    soft = {name: layers.Softmax()(logits) for name, logits in first.items()}
    outputs = {}
    for name, other in (("digit", "third"), ("third", "digit")):
        size = first[name].shape[-1]
        told = layers.Dense(size, use_bias=False, kernel_initializer="zeros")
        logits = layers.Add()([first[name], told(soft[other])])
        outputs[name] = layers.Softmax(name=name)(logits)
    return keras.Model(image, outputs)


for build in (textbook, with_relations):
    model = build()
    loss = dict.fromkeys(model.output_names, "sparse_categorical_crossentropy")
    model.compile("adam", loss=loss)
    labels = {"digit": digit[:1200], "third": third[:1200]}
    model.fit(x[:1200], labels, batch_size=128, epochs=20, verbose=0)
    proba = model.predict(x[1200:], verbose=0)
    right = [
        (proba[name].argmax(axis=1) == y[1200:]).mean()
        for name, y in (("digit", digit), ("third", third))
    ]
    print(build.__name__, np.round(right, 3))
