"""The model of the benchmark in Keras, in its own process and environment.

Reads commands from stdin, one per line, and answers each with a line of JSON.

    {"do": "fit", "x": file, "y": file, "epochs": n}     seconds of model.fit
    {"do": "predict", "x": file, "batch": n}             seconds of model.predict
    {"do": "score", "x": file, "y": file}                accuracy of each head
"""

from __future__ import annotations

import json
import sys
import time

import keras
import numpy as np
import tensorflow as tf

CLOCKS = {"cpu": time.process_time, "wall": time.perf_counter}


def build() -> keras.Model:
    """Return the model, compiled."""
    picture = keras.Input((28, 28, 1))
    z = keras.layers.Conv2D(32, 3, activation="relu")(picture)
    z = keras.layers.MaxPooling2D(2)(z)
    z = keras.layers.Dense(64, activation="relu")(keras.layers.Flatten()(z))
    heads = [
        keras.layers.Dense(10, activation="softmax", name="class")(z),
        keras.layers.Dense(3, activation="softmax", name="group")(z),
    ]
    model = keras.Model(picture, heads)
    model.compile("adam", ["sparse_categorical_crossentropy"] * 2)
    return model


def read(name: str) -> np.ndarray:
    """Return images in the format of Keras."""
    return (np.load(name) / np.float32(255)).reshape(-1, 28, 28, 1)


def answer(model: keras.Model, asked: dict, clock: str) -> object:
    """Execute a command."""
    now, x = CLOCKS[clock], read(asked["x"])
    if asked["do"] == "score":
        heads = model.predict(x, verbose=0)
        y = np.load(asked["y"])
        return [float((p.argmax(1) == y[:, t]).mean()) for t, p in enumerate(heads)]
    y = np.load(asked["y"]) if "y" in asked else None
    start = now()
    if asked["do"] == "fit":
        labels = [y[:, 0], y[:, 1]]
        model.fit(x, labels, batch_size=128, epochs=asked["epochs"], verbose=0)
    else:
        model.predict(x, batch_size=asked["batch"], verbose=0)
    return now() - start


def main() -> None:
    """Answer until stdin ends."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    model = build()
    print(json.dumps([tf.__version__, keras.__version__]), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(model, json.loads(line), sys.argv[1])), flush=True)


if __name__ == "__main__":
    main()
