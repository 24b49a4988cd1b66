# SPDX-License-Identifier: MIT
"""Makes losses.npz: losses of Keras and their gradients, in float64.

    python make_losses.py        (needs tensorflow-cpu, which brings Keras 3)

Of each case y (outputs, or logits where its name ends in _logits) and t (labels), float32 numbers; weight; each_f64, the
loss of each sample without the weight; dy_f64, the gradient of the mean of weight times loss.
"""
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np
import tensorflow as tf

keras.config.set_floatx("float64")
L = keras.losses
here = pathlib.Path(__file__).parent
rng = np.random.default_rng(23)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def one_hot(n, k):
    return np.eye(k)[rng.integers(0, k, n)]


def soft(n, k):
    return softmax(rng.normal(size=(n, k)) * 2)


def yes_or_no(n, k):
    return rng.integers(0, 2, (n, k)).astype(float)


def between(n, k):
    return rng.random((n, k))


def numbers(n, k):
    return rng.normal(size=(n, k)) * 2


# name: (loss, labels, what makes outputs of logits)
CASES = {
    "binary_smoothed": (L.BinaryCrossentropy(label_smoothing=0.2), yes_or_no, sigmoid),
    "binary_smoothed_logits": (L.BinaryCrossentropy(from_logits=True, label_smoothing=0.2), yes_or_no, None),
    "binary_focal": (L.BinaryFocalCrossentropy(), yes_or_no, sigmoid),
    "binary_focal_soft": (L.BinaryFocalCrossentropy(gamma=1.5), between, sigmoid),
    "binary_focal_balanced": (
        L.BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.3, gamma=0.5, label_smoothing=0.1), yes_or_no, sigmoid),
    "binary_focal_logits": (L.BinaryFocalCrossentropy(from_logits=True), yes_or_no, None),
    "binary_focal_balanced_logits": (
        L.BinaryFocalCrossentropy(from_logits=True, apply_class_balancing=True, alpha=0.3, gamma=3.0), between, None),
    "categorical": (L.CategoricalCrossentropy(), one_hot, softmax),
    "categorical_soft": (L.CategoricalCrossentropy(), soft, softmax),
    "categorical_smoothed": (L.CategoricalCrossentropy(label_smoothing=0.1), one_hot, softmax),
    "categorical_soft_logits": (L.CategoricalCrossentropy(from_logits=True), soft, None),
    "categorical_smoothed_logits": (L.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), one_hot, None),
    "categorical_focal": (L.CategoricalFocalCrossentropy(), one_hot, softmax),
    "categorical_focal_soft": (L.CategoricalFocalCrossentropy(alpha=0.6, gamma=1.5, label_smoothing=0.1), soft, softmax),
    "categorical_focal_logits": (L.CategoricalFocalCrossentropy(from_logits=True), one_hot, None),
    "categorical_focal_soft_logits": (
        L.CategoricalFocalCrossentropy(from_logits=True, alpha=0.6, gamma=0.5, label_smoothing=0.1), soft, None),
    "squared": (L.MeanSquaredError(), numbers, lambda z: z),
    "absolute": (L.MeanAbsoluteError(), numbers, lambda z: z),
    "huber": (L.Huber(), numbers, lambda z: z),
    "huber_wide": (L.Huber(delta=2.5), numbers, lambda z: z),
}

arrays = {}
for name, (loss, labels, outputs) in CASES.items():
    n, k = 9, 4
    z = rng.normal(size=(n, k)) * 3
    y = (z if outputs is None else outputs(z)).astype(np.float32)
    t = labels(n, k).astype(np.float32)
    weight = rng.random(n).astype(np.float32)
    loss.reduction = "none"
    variable = tf.Variable(y.astype(np.float64))
    with tf.GradientTape() as tape:
        each = loss(t.astype(np.float64), variable)
        mean = tf.reduce_mean(each * weight.astype(np.float64))
    arrays |= {f"{name}.y": y, f"{name}.t": t, f"{name}.weight": weight, f"{name}.each_f64": each.numpy(),
               f"{name}.dy_f64": tf.convert_to_tensor(tape.gradient(mean, variable)).numpy()}

np.savez_compressed(here / "losses.npz", **arrays)
print(len(CASES), "cases,", (here / "losses.npz").stat().st_size, "bytes")
