# SPDX-License-Identifier: MIT
"""Inputs that are drawn, computing in float32 and in float64, and .npz files."""
import contextlib
import io
import zipfile

import keras
import numpy as np
import tensorflow as tf

# Largest differences between Keras's float32 and float64, by topic.
MEASURED = {}


def rng(seed):
    return np.random.RandomState(seed)


def normal(r, *shape, scale=1.0):
    return (r.standard_normal(shape) * scale).astype(np.float32)


def measure(topic, a32, a64):
    """Keep the largest |float32 - float64| of a topic, as a share of the largest value of the array it is in."""
    a64 = np.asarray(a64, np.float64)
    if a64.size and np.abs(a64).max() > 0:
        d = float(np.abs(np.asarray(a32, np.float64) - a64).max() / np.abs(a64).max())
        MEASURED[topic] = max(MEASURED.get(topic, 0.0), d)


@contextlib.contextmanager
def floatx(name):
    keras.config.set_floatx(name)
    keras.config.set_dtype_policy(name)
    try:
        yield name
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")


def save_npz(path, arrays):
    """An .npz as numpy writes it, but with stored entries, fixed dates and no zip64 fields."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as z:
        for k, a in arrays.items():
            a = np.atleast_1d(np.asarray(a))
            if a.dtype == bool:
                a = a.astype(np.uint8)
            assert a.dtype.kind in "fiu", (k, a.dtype)
            b = io.BytesIO()
            np.lib.format.write_array(b, np.ascontiguousarray(a), version=(1, 0), allow_pickle=False)
            z.writestr(zipfile.ZipInfo(k + ".npy"), b.getvalue())


def both(fn, *args):
    """fn(float type, *inputs cast to it) in float32 and in float64."""
    out = []
    for name in ("float32", "float64"):
        with floatx(name):
            out.append(fn(name, *[np.asarray(a, name) for a in args]))
    return out


def add_both(arrays, topic, prefix, names, r32, r64):
    for n, a, b in zip(names, r32, r64):
        arrays[f"{prefix}.{n}"] = np.asarray(a, np.float32)
        arrays[f"{prefix}.{n}_f64"] = np.asarray(b, np.float64)
        measure(topic, a, b)


def layer_grads(layer, weights, x, dy, training=None):
    """y, dx and the gradients of the weights for the loss sum(y * dy)."""
    layer.build(x.shape)
    if weights:
        layer.set_weights(weights)
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x) if training is None else layer(x, training=training)
        loss = tf.reduce_sum(y * dy)
    g = tape.gradient(loss, [x] + [v.value for v in layer.trainable_variables])
    return [np.asarray(v) for v in [y] + list(g)]


def sigmoid64(z):
    z = np.asarray(z, np.float64)
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))
