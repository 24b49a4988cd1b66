# SPDX-License-Identifier: MIT
"""Makes onnx/keras_channels_last.onnx and onnx_keras.npz: a network as Keras exports it by tf2onnx.

    python make_onnx_keras.py        (needs tensorflow-cpu, which brings Keras 3, tf2onnx and onnxruntime)

Its pictures are (N, H, W, C), turned in front of each convolution or left as they are between them, as the beginning of
MobileNetV3: a hard-swish of additions and products, zeros around a picture that lies channels last, a squeeze and
excitation. x and y: two pictures, and what onnxruntime gives for them.
"""
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np
import onnxruntime

here = pathlib.Path(__file__).parent
keras.utils.set_random_seed(7)
L = keras.layers


def hard_swish(x):
    return x * L.ReLU(6.0)(x + 3.0) * (1.0 / 6.0)


inputs = keras.Input((17, 18, 3))
x = L.Rescaling(1 / 127.5, offset=-1)(inputs)
x = hard_swish(L.BatchNormalization()(L.Conv2D(6, 3, strides=2, padding="same", use_bias=False)(x)))
x = L.ZeroPadding2D(((0, 1), (1, 2)))(x)
x = L.ReLU()(L.BatchNormalization()(L.DepthwiseConv2D(3, strides=2, padding="valid", use_bias=False)(x)))
gate = L.Conv2D(6, 1)(L.GlobalAveragePooling2D(keepdims=True)(x))
x = x * (L.ReLU(6.0)(gate + 3.0) * (1.0 / 6.0))
x = hard_swish(L.Conv2D(8, 1)(x))
outputs = L.Dense(5, activation="softmax")(L.Flatten()(x))
model = keras.Model(inputs, outputs)
rng = np.random.default_rng(7)
for layer in model.layers:
    if isinstance(layer, L.BatchNormalization):
        layer.set_weights([rng.uniform(0.5, 1.5, w.shape) if i in (0, 3) else rng.normal(0, 0.2, w.shape)
                           for i, w in enumerate(layer.get_weights())])
x = rng.integers(0, 256, (2, 17, 18, 3)).astype(np.float32)
model.predict(x, verbose=0)
path = here / "onnx" / "keras_channels_last.onnx"
model.export(str(path), format="onnx", verbose=False)
session = onnxruntime.InferenceSession(str(path))
y = session.run(None, {session.get_inputs()[0].name: x})[0]
np.savez(here / "onnx_keras.npz", x=x, y=y)
print(path.stat().st_size, "bytes; onnxruntime and Keras differ by", abs(y - model.predict(x, verbose=0)).max())
