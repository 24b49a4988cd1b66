# SPDX-License-Identifier: MIT
"""Makes keras_bases.npz, tables/base_*.txt of Keras's networks, and weights/small_mobilenet_v2.h5 and .keras.

    python make_keras_bases.py        (needs tensorflow-cpu 2.21, which brings Keras 3)

keras.applications' own classes with made weights, in float64: what they give without and with their tops for two
pictures, also made (made_weights.py). The tables have a line for each layer, "layer name class parameters shape", and
one for each tensor of weights, "tensor name shape".
"""
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import keras
import numpy as np

import made_weights

here = pathlib.Path(__file__).parent
keras.config.set_floatx("float64")
A = keras.applications
OUT = {}


def name_of(layer, v):
    return f"{layer.name}/{v.name}"


def fill(model, gamma):
    for layer in model.layers:
        for v in layer.weights:
            v.assign(made_weights.weights(name_of(layer, v), tuple(v.shape), gamma))


def table(name, model):
    lines = []
    for layer in model.layers[1:]:
        layer_name = "global_average_pooling2d" if layer.name.startswith("global_average_pooling2d") else layer.name
        lines.append(f"layer {layer_name} {type(layer).__name__} {layer.count_params()} " + " ".join(map(str, layer.output.shape[1:])))
        lines += [f"tensor {name_of(layer, v)} " + " ".join(map(str, v.shape)) for v in layer.weights]
    (here / "tables" / f"base_{name}.txt").write_text("\n".join(lines) + "\n")


def golden(name, model, last, gamma):
    fill(model, gamma)
    x = made_weights.uniform("x", (2,) + model.input.shape[1:], -1, 1)
    OUT[f"{name}.features"] = keras.Model(model.input, model.get_layer(last).output).predict(x, verbose=0)
    OUT[f"{name}.probabilities"] = model.predict(x, verbose=0)
    table(name, model)
    print(name, model.count_params(), OUT[f"{name}.features"].shape, abs(OUT[f"{name}.features"]).max(),
          OUT[f"{name}.probabilities"].max(1), "pictures differ by", abs(np.diff(OUT[f"{name}.features"], axis=0)).max())


for name, shape, make, last, gamma in [
    ("mobilenet_v1", (65, 46, 3), lambda **o: A.MobileNet(alpha=0.3, **o), "conv_pw_13_relu", 1.1),
    ("mobilenet_v2", (50, 71, 3), lambda **o: A.MobileNetV2(alpha=0.35, **o), "out_relu", 0.9),
    ("mobilenet_v2_wide", (32, 32, 3), lambda **o: A.MobileNetV2(alpha=1.3, **o), "out_relu", 0.9),
    ("resnet50", (45, 64, 3), lambda **o: A.ResNet50(**o), "conv5_block3_out", 0.7),
]:
    keras.utils.clear_session()
    golden(name, make(input_shape=shape, classes=7, weights=None), last, gamma)
np.savez(here / "keras_bases.npz", **{k: v.astype(np.float32) for k, v in OUT.items()})

keras.config.set_floatx("float32")
keras.utils.clear_session()
small = A.MobileNetV2(alpha=0.01, input_shape=(32, 32, 3), classes=3, weights=None)
fill(small, 1.0)
small.save(here / "weights" / "small_mobilenet_v2.h5")
small.save(here / "weights" / "small_mobilenet_v2.keras")
