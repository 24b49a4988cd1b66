# SPDX-License-Identifier: MIT
"""Makes grad_cam.npz: Grad-CAM of a small network by Keras and TensorFlow's GradientTape, float64.

    python make_grad_cam.py        (needs tensorflow-cpu 2.21, which brings Keras 3)
"""
import pathlib

import keras
import numpy as np
import tensorflow as tf

keras.backend.set_floatx("float64")
keras.utils.set_random_seed(7)

goldens = {}
for name, last, outputs, classes in (("softmax", "softmax", 3, (0, 1, 2)), ("sigmoid", "sigmoid", 1, (0, 1))):
    inputs = keras.Input((13, 11, 3))
    layers = [
        keras.layers.Conv2D(4, 3, activation="relu", name="first"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Conv2D(6, 3, padding="same", activation="relu", name="second"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Flatten(),
        keras.layers.Dense(5, activation="relu", name="hidden"),
    ]
    y = inputs
    outputs_of = {}
    for layer in layers:
        y = layer(y)
        outputs_of[layer.name] = y
    logits_layer = keras.layers.Dense(outputs, name="last")
    logits = logits_layer(y)
    model = keras.Model(inputs, [outputs_of["second"], outputs_of["first"], logits])
    x = np.random.default_rng(3).normal(size=(1, 13, 11, 3))
    goldens[f"{name}/x"] = x
    for layer in [*layers, logits_layer]:
        for weight in layer.weights:
            # Biases too are other than zero.
            weight.assign(np.random.default_rng(len(goldens)).normal(size=weight.shape) * 0.4)
            goldens[f"{name}/{layer.name}/{weight.name}"] = weight.numpy()
    for c in classes:
        for at, layer in enumerate(("second", "first")):
            with tf.GradientTape() as tape:
                maps = model(x)
                score = maps[2][0, c] if outputs > 1 else (maps[2][0, 0] if c == 1 else -maps[2][0, 0])
            gradient = tape.gradient(score, maps[at]).numpy()[0]
            cam = np.maximum((maps[at].numpy()[0] * gradient.mean(axis=(0, 1))).sum(axis=-1), 0)
            goldens[f"{name}/{layer}/class_{c}"] = cam / cam.max() if cam.max() > 0 else cam

np.savez(pathlib.Path(__file__).parent / "grad_cam.npz", **{k.replace("/", "."): v for k, v in goldens.items()})
