# SPDX-License-Identifier: MIT
# Makes activations.npz and weights/activations.keras, weights/activations_legacy.h5 beside it: what Keras's activations
# and its layers of activations give, and their gradients.
# python3 make_activations.py FOLDER   (prints the version of Keras it ran with)
import os, pathlib, sys
os.environ.update(KERAS_BACKEND="tensorflow", TF_ENABLE_ONEDNN_OPTS="0", CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="2")
import keras, numpy as np, tensorflow as tf
from keras import layers

out = pathlib.Path(sys.argv[1])
random = np.random.default_rng(18)
arrays = {}


def add(name, function, x):
    """function's values and the gradient of sum(y * dy), in float32 and in float64."""
    dy = random.uniform(-1, 1, x.shape).astype("float32")
    arrays[f"{name}.x"], arrays[f"{name}.dy"] = x, dy
    for kind, end in (("float32", ""), ("float64", "_f64")):
        with tf.GradientTape() as tape:
            at = tf.constant(x.astype(kind))
            tape.watch(at)
            y = function(kind)(at)
            total = tf.reduce_sum(y * tf.constant(dy.astype(kind)))
        arrays[f"{name}.y{end}"], arrays[f"{name}.dx{end}"] = y.numpy(), tape.gradient(total, at).numpy()


x = np.concatenate([random.uniform(-8, 8, 100), random.uniform(-1, 1, 50), 10.0 ** random.uniform(-6, 1.3, 20),
                    -(10.0 ** random.uniform(-6, 1.3, 20)), [0.0]]).astype("float32")[None]
for name in ("linear relu relu6 leaky_relu elu silu hard_silu sigmoid hard_sigmoid gelu tanh softplus").split():
    add(f"function_{name}", lambda kind, f=keras.activations.get(name): f, x)
add("function_softmax", lambda kind: keras.activations.softmax, random.uniform(-5, 5, (7, 9)).astype("float32"))

features = random.uniform(-9, 9, (2, 3, 4, 5)).astype("float32")
for name, layer, settings in [
        ("relu", layers.ReLU, {}), ("relu_6", layers.ReLU, {"max_value": 6.0}), ("relu_max", layers.ReLU, {"max_value": 2.5}),
        ("relu_slope", layers.ReLU, {"negative_slope": 0.25}), ("relu_threshold", layers.ReLU, {"threshold": 1.5}),
        ("relu_max_slope", layers.ReLU, {"max_value": 6.0, "negative_slope": 0.25}),
        ("relu_max_threshold", layers.ReLU, {"max_value": 4.0, "threshold": 1.0}),
        ("relu_slope_threshold", layers.ReLU, {"negative_slope": 0.5, "threshold": 2.0}),
        ("relu_all", layers.ReLU, {"max_value": 3.0, "negative_slope": 0.125, "threshold": 0.5}),
        ("leaky_relu", layers.LeakyReLU, {}), ("leaky_relu_slope", layers.LeakyReLU, {"negative_slope": 0.125}),
        ("elu", layers.ELU, {}), ("elu_alpha", layers.ELU, {"alpha": 0.5}), ("softmax", layers.Softmax, {})]:
    add(f"layer_{name}", lambda kind, l=layer, s=settings: l(dtype=kind, **s), features)
    numbers = [settings.get(k, d) for k, d in (("max_value", np.inf), ("negative_slope", 0.3 if layer is layers.LeakyReLU else 0),
                                               ("threshold", 0), ("alpha", 1))]
    arrays[f"layer_{name}.settings"] = np.array(numbers, "float64")

keras.utils.set_random_seed(18)
model = keras.Sequential([
    keras.Input((6, 6, 3)), layers.Conv2D(5, 3, activation="silu"), layers.ReLU(6.0), layers.Conv2D(5, 1, activation="gelu"),
    layers.LeakyReLU(), layers.Conv2D(4, 1, activation="hard_silu"), layers.ReLU(3.0, 0.125, 0.25), layers.Flatten(),
    layers.Dense(9, activation="elu"), layers.ELU(0.5), layers.Dense(9, activation="tanh"), layers.Activation("softplus"),
    layers.Dense(9, activation="relu6"), layers.Dense(9, activation="leaky_relu"), layers.Dense(9, activation="hard_sigmoid"),
    layers.Dense(4), layers.Softmax()], name="activations")
for weight in model.weights:
    weight.assign(random.uniform(-0.7, 0.7, weight.shape).astype("float32"))
x = random.uniform(-2, 2, (4, 6, 6, 3)).astype("float32")
arrays["model.x"], arrays["model.y"] = x, model.predict(x, verbose=0)
model.save(out / "weights" / "activations.keras")
model.save(out / "weights" / "activations_legacy.h5")
np.savez(out / "activations.npz", **arrays)
print("Keras", keras.__version__, "TensorFlow", tf.__version__)
