#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What Keras computes with files by io::save_keras: keras/*.keras, *.h5 and *.weights.h5 -> saved_keras.npz.

The files themselves are written by brindle's tests (from the folder of the program): io_tests "[.write_keras]".
Keras 3.15 with TensorFlow. With --check nothing is written: the outputs are compared with what is there.
"""
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
try:
    import keras
    import numpy as np
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)


def train_on(path):
    """Losses of four steps with the optimizer that the file holds, from the model and from its weights."""
    model = keras.models.load_model(path)
    shape = (3, *model.input_shape[1:])
    pictures = (((np.arange(np.prod(shape)) * 29 + 7) % 61 - 30) / 32).reshape(shape).astype("float32")
    labels = (np.arange(6) ** 2 % 3 % 2).reshape(3, 2).astype("float32")
    losses = [float(model.train_on_batch(pictures, labels)[0]) for _ in range(4)]
    model.load_weights(path.with_suffix(".weights.h5"))
    assert losses == [float(model.train_on_batch(pictures, labels)[0]) for _ in range(4)], path
    print(path.stem, "trains with", model.optimizer.name, model.optimizer.learning_rate.numpy(), losses)
    return np.array(losses)


here = pathlib.Path(__file__).parent
arrays, worst = {}, 0.0
for path in sorted((here / "keras").glob("*.keras")):
    name, draw = path.stem, np.random.default_rng(3)
    model = keras.models.load_model(path)
    x = draw.standard_normal((3, *model.input_shape[1:])).astype(model.dtype)
    if name.startswith("trained"):
        arrays[name + ".losses"] = train_on(path)
        continue
    outputs = {".keras": model.predict(x, verbose=0),
               ".h5": keras.models.load_model(path.with_suffix(".h5"), compile=False).predict(x, verbose=0)}
    for weight in model.weights:
        weight.assign(np.zeros(weight.shape))
    model.load_weights(path.with_suffix(".weights.h5"))
    outputs[".weights.h5"] = model.predict(x, verbose=0)
    frozen = [layer.name for layer in model._flatten_layers(include_self=False)
              if layer.weights and not layer.trainable_weights]
    print(name, type(model).__name__, len(model.layers), "layers, frozen:", *frozen)
    arrays[name + ".x"] = x
    for ending, y in outputs.items():
        assert np.array_equal(y, outputs[".keras"]), (name, ending)
        arrays[name + ending] = y
if "--check" in sys.argv:
    stored = np.load(here / "saved_keras.npz")
    for key, value in arrays.items():
        worst = max(worst, np.abs(value - stored[key]).max() / np.abs(stored[key]).max())
    print("largest difference, of the largest:", worst)
    sys.exit(1 if worst > 1e-6 else 0)
np.savez_compressed(here / "saved_keras.npz", **arrays)
