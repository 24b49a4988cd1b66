# SPDX-License-Identifier: MIT
"""Makes resnet.npz: a small residual network with BatchNormalization, trained by Keras in float64.

    python make_resnet.py        (needs tensorflow-cpu 2.21, which brings Keras 3)

Ten steps of everything, then five with the layers up to the first sum frozen (which then use their moving averages). Of
both: the loss of each step, all weights, and what the network predicts. Weights are named layer.variable; those that go
in (init) and the samples are float32 numbers, so that both precisions start from the same.
"""
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import keras
import numpy as np

keras.config.set_floatx("float64")
L = keras.layers
here = pathlib.Path(__file__).parent
STEPS, FROZEN_STEPS, BATCH, SIDE = 10, 5, 6, 12


def network():
    x = inputs = keras.Input((SIDE, SIDE, 3))
    x = L.Conv2D(8, 3, padding="same", use_bias=False, name="stem")(x)
    x = L.BatchNormalization(momentum=0.9, name="stem_bn")(x)
    x = L.ReLU(name="stem_relu")(x)
    y = L.Conv2D(8, 3, padding="same", use_bias=False, name="a1")(x)
    y = L.BatchNormalization(momentum=0.9, name="a1_bn")(y)
    y = L.ReLU(max_value=6, name="a1_relu")(y)
    y = L.Conv2D(8, 3, padding="same", use_bias=False, name="a2")(y)
    y = L.BatchNormalization(momentum=0.9, epsilon=1e-5, name="a2_bn")(y)
    x = L.Add(name="a")([x, y])
    y = L.Conv2D(12, 3, strides=2, padding="same", use_bias=False, name="b1")(x)
    y = L.BatchNormalization(momentum=0.8, scale=False, name="b1_bn")(y)
    y = L.ReLU(name="b1_relu")(y)
    y = L.DepthwiseConv2D(3, padding="same", use_bias=False, name="b2")(y)
    y = L.BatchNormalization(momentum=0.8, center=False, name="b2_bn")(y)
    x = L.Conv2D(12, 1, strides=2, use_bias=False, name="skip")(x)
    x = L.BatchNormalization(name="skip_bn")(x)
    x = L.ReLU(name="b_relu")(L.Add(name="b")([y, x]))
    x = L.GlobalAveragePooling2D(name="mean")(x)
    x = L.Dense(1, activation="sigmoid", name="head")(x)
    return keras.Model(inputs, x)


def weights(model, prefix, out):
    for layer in model.layers:
        for v in layer.weights:
            out[f"{prefix}.{layer.name}.{v.name}"] = v.numpy()


rng = np.random.default_rng(7)
model = network()
for layer in model.layers:
    for v in layer.weights:
        low, high = (0.5, 1.5) if v.name in ("gamma", "moving_variance") else (-0.3, 0.3)
        v.assign(rng.uniform(low, high, v.shape).astype(np.float32))
n = BATCH * (STEPS + FROZEN_STEPS)
x = rng.uniform(0, 1, (n, SIDE, SIDE, 3)).astype(np.float32)
y = (x[:, :6].mean((1, 2, 3)) > x[:, 6:].mean((1, 2, 3))).astype(np.float32)[:, None]
out = {"run.x": x, "run.y": y}
weights(model, "init", out)
out = {k: (v.astype(np.float32) if k.startswith("init") else v) for k, v in out.items()}


def losses_of_steps(first, steps):
    """train_on_batch gives a running mean: a mean of one step each."""
    model.compile(keras.optimizers.SGD(0.1, momentum=0.5), "binary_crossentropy")
    all_losses = []
    for i in range(first, first + steps):
        model.reset_metrics()
        all_losses.append(float(model.train_on_batch(x[i * BATCH:(i + 1) * BATCH], y[i * BATCH:(i + 1) * BATCH])))
    return np.array(all_losses)


out["all.loss"] = losses_of_steps(0, STEPS)
weights(model, "all", out)
out["all.predicted"] = model.predict(x[:8], verbose=0)
for layer in model.layers:
    layer.trainable = False
    if layer.name == "a":
        break
out["frozen.loss"] = losses_of_steps(STEPS, FROZEN_STEPS)
weights(model, "frozen", out)
out["frozen.predicted"] = model.predict(x[:8], verbose=0)
np.savez_compressed(here / "resnet.npz", **out)
print({k: v.dtype for k, v in out.items() if "loss" in k}, out["all.loss"], out["frozen.loss"])
