# SPDX-License-Identifier: MIT
"""Makes layers.npz and weights/layers_*: single layers by Keras, in float64, with their gradients.

    python make_layers.py        (needs tensorflow-cpu 2.21, which brings Keras 3)

Of each case: json (the bytes of the Sequential's configuration), x, p0, p1, ... (the weights), dy; y_f64, dx_f64,
dp0_f64, ... (gradients of sum(y dy)). All that goes in are float32 numbers, so that both precisions start from the same.
"""
import io
import json
import os
import pathlib
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import keras
import numpy as np
import tensorflow as tf

keras.config.set_floatx("float64")
L = keras.layers
here = pathlib.Path(__file__).parent

CASES = {
    # name: (shape of x with its batch, layer)
    "average_pool_valid": ((2, 7, 5, 3), lambda: L.AveragePooling2D(2)),
    "average_pool_same": ((2, 7, 5, 3), lambda: L.AveragePooling2D(3, strides=2, padding="same")),
    "average_pool_overlap": ((1, 6, 8, 4), lambda: L.AveragePooling2D((3, 2), strides=1, padding="same")),
    "global_average": ((2, 5, 4, 6), lambda: L.GlobalAveragePooling2D()),
    "global_average_keepdims": ((2, 3, 4, 5), lambda: L.GlobalAveragePooling2D(keepdims=True)),
    "global_max": ((2, 5, 4, 6), lambda: L.GlobalMaxPooling2D()),
    "global_max_ties": ((2, 4, 4, 3), lambda: L.GlobalMaxPooling2D(keepdims=True)),
    "zero_padding_one": ((2, 3, 4, 2), lambda: L.ZeroPadding2D(2)),
    "zero_padding_two": ((1, 3, 4, 3), lambda: L.ZeroPadding2D((1, 2))),
    "zero_padding_four": ((2, 5, 4, 3), lambda: L.ZeroPadding2D(((0, 1), (2, 3)))),
    "reshape": ((2, 4, 6), lambda: L.Reshape((2, -1, 3))),
    "rescaling": ((2, 4, 3, 3), lambda: L.Rescaling(1 / 127.5, offset=-1)),
    "rescaling_channels": ((2, 4, 3, 3), lambda: L.Rescaling([0.5, 2.0, -3.0], offset=[0.25, -1.0, 4.0])),
    "normalization": ((2, 4, 3, 3), lambda: L.Normalization(mean=[0.5, -1.5, 20.0], variance=[4.0, 0.0, 0.25])),
    "normalization_one": ((3, 5), lambda: L.Normalization(mean=0.5, variance=2.0)),
    "conv2d_dilation": ((2, 9, 8, 3), lambda: L.Conv2D(4, 3, dilation_rate=2, activation="relu")),
    "conv2d_dilation_same": ((1, 8, 9, 2), lambda: L.Conv2D(3, (3, 2), padding="same", dilation_rate=(2, 3))),
    "conv2d_groups": ((2, 6, 7, 6), lambda: L.Conv2D(9, 3, groups=3, padding="same")),
    "conv2d_groups_stride": ((2, 7, 6, 4), lambda: L.Conv2D(8, 3, strides=2, groups=2, padding="same")),
    "conv2d_groups_all": ((1, 5, 6, 4), lambda: L.Conv2D(8, (3, 2), groups=4, use_bias=False)),
    "depthwise_same": ((2, 7, 6, 5), lambda: L.DepthwiseConv2D(3, padding="same", activation="relu")),
    "depthwise_stride": ((2, 8, 7, 17), lambda: L.DepthwiseConv2D(3, strides=2, padding="same")),
    "depthwise_five": ((1, 9, 10, 3), lambda: L.DepthwiseConv2D(5, strides=2, padding="valid")),
    "depthwise_multiplier": ((2, 6, 5, 3), lambda: L.DepthwiseConv2D((2, 3), depth_multiplier=2, use_bias=False)),
    "depthwise_dilation": ((1, 9, 8, 4), lambda: L.DepthwiseConv2D(3, padding="same", dilation_rate=2)),
    "separable": ((2, 6, 7, 4), lambda: L.SeparableConv2D(5, 3, padding="same", activation="sigmoid")),
    "separable_stride": ((1, 7, 8, 3), lambda: L.SeparableConv2D(4, 3, strides=2, depth_multiplier=2, use_bias=False)),
    "layer_norm": ((3, 4, 5), lambda: L.LayerNormalization()),
    "layer_norm_pictures": ((2, 3, 2, 19), lambda: L.LayerNormalization(epsilon=1e-5)),
    "layer_norm_no_scale": ((4, 7), lambda: L.LayerNormalization(scale=False)),
    "layer_norm_no_center": ((4, 7), lambda: L.LayerNormalization(center=False)),
    "layer_norm_bare": ((4, 7), lambda: L.LayerNormalization(center=False, scale=False)),
}


def write_npz(path, arrays):
    """A zip of stored .npy files without dates: two runs give the same bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            data = io.BytesIO()
            np.lib.format.write_array(data, np.ascontiguousarray(array), version=(1, 0))
            archive.writestr(zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0)), data.getvalue())


def single(rng, shape):
    return rng.standard_normal(shape).astype(np.float32)


goldens = {}
for number, (name, (shape, make)) in enumerate(CASES.items()):
    rng = np.random.RandomState(5000 + number)
    model = keras.Sequential([keras.Input(shape[1:]), make()])
    x = single(rng, shape)
    if name.endswith("ties"):
        x = np.maximum(np.round(x), 0).astype(np.float32)
    weights = [single(rng, w.shape) for w in model.trainable_weights]
    for w, value in zip(model.trainable_weights, weights):
        w.assign(value.astype(np.float64))
    tx = tf.constant(x.astype(np.float64))
    with tf.GradientTape() as tape:
        tape.watch(tx)
        y = model(tx, training=False)
        dy = single(rng, y.shape)
        loss = tf.reduce_sum(y * dy.astype(np.float64))
    gradients = tape.gradient(loss, [tx, *[w.value for w in model.trainable_weights]])
    goldens[f"{name}.json"] = np.frombuffer(model.to_json().encode(), np.uint8)
    goldens[f"{name}.x"], goldens[f"{name}.dy"], goldens[f"{name}.y_f64"] = x, dy, np.asarray(y)
    goldens[f"{name}.dx_f64"] = np.asarray(gradients[0])
    for i, (value, gradient) in enumerate(zip(weights, gradients[1:])):
        goldens[f"{name}.p{i}"], goldens[f"{name}.dp{i}_f64"] = value, np.asarray(gradient)
write_npz(here / "layers.npz", goldens)

# A whole model of these layers, as Keras 3 writes it in its two formats, and its answer.
keras.config.set_floatx("float32")
keras.config.set_dtype_policy("float32")
keras.utils.set_random_seed(77)
model = keras.Sequential([
    keras.Input((12, 10, 3)),
    L.Rescaling(1 / 127.5, offset=-1, name="rescale"),
    L.Normalization(mean=[0.1, 0.2, 0.3], variance=[0.5, 1.0, 2.0], name="normalize"),
    L.ZeroPadding2D(((0, 1), (0, 1)), name="pad"),
    L.Conv2D(8, 3, strides=2, activation="relu", name="stem"),
    L.DepthwiseConv2D(3, padding="same", activation="relu", name="depthwise"),
    L.SeparableConv2D(8, 3, padding="same", depth_multiplier=1, name="separable"),
    L.Conv2D(8, 3, padding="same", groups=2, dilation_rate=1, name="grouped"),
    L.Conv2D(8, 3, padding="same", dilation_rate=2, name="dilated"),
    L.LayerNormalization(name="layer_norm"),
    L.AveragePooling2D(2, name="pool"),
    L.Dropout(0.2, noise_shape=(None, 1, 1, 8), name="drop"),
    L.GlobalAveragePooling2D(name="mean"),
    L.Reshape((2, 4), name="reshape"),
    L.Flatten(name="flatten"),
    L.Dense(3, activation="softmax", name="head"),
], name="layers")
rng = np.random.RandomState(78)
for w in model.weights:
    w.assign(w.numpy() + 0.1 * rng.standard_normal(w.shape).astype(np.float32))
x = rng.randint(0, 256, (4, 12, 10, 3)).astype(np.float32)
model.save(here / "weights" / "layers.keras")
with zipfile.ZipFile(here / "weights" / "layers.keras") as archive:  # again, without dates
    parts = {name: archive.read(name) for name in archive.namelist()}
parts["metadata.json"] = json.dumps({**json.loads(parts["metadata.json"]), "date_saved": "1980-01-01@00:00:00"}).encode()
with zipfile.ZipFile(here / "weights" / "layers.keras", "w", zipfile.ZIP_STORED) as archive:
    for name, data in parts.items():
        archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
model.save(here / "weights" / "layers.h5")
model.save_weights(here / "weights" / "layers.weights.h5")
write_npz(here / "weights" / "layers.npz", {"x": x, "y": np.asarray(model(x, training=False))})
