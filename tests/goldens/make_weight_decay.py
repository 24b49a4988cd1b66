# SPDX-License-Identifier: MIT
"""Makes weight_decay.npz: 20 steps of Keras's optimizers with decoupled weight decay or amsgrad, in float64.

    python make_weight_decay.py        (needs tensorflow-cpu, which brings Keras 3)

As optimizers.npz: of each case p0, grads, path_f64 (the parameters after each step), and slot0, slot1 ... at the end. All
that goes in are float32 numbers.
"""
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

keras.config.set_floatx("float64")
O = keras.optimizers
here = pathlib.Path(__file__).parent

CASES = {
    "adamw": lambda: O.AdamW(learning_rate=0.01, weight_decay=0.25),
    "adamw_defaults": lambda: O.AdamW(),
    "adam_amsgrad": lambda: O.Adam(learning_rate=0.01, amsgrad=True),
    "adamw_amsgrad": lambda: O.AdamW(learning_rate=0.01, weight_decay=0.25, amsgrad=True),
    "sgd_decay": lambda: O.SGD(learning_rate=0.1, weight_decay=0.5),
    "sgd_momentum_decay": lambda: O.SGD(learning_rate=0.1, momentum=0.9, weight_decay=0.5),
    "sgd_nesterov_decay": lambda: O.SGD(learning_rate=0.1, momentum=0.9, nesterov=True, weight_decay=0.5),
    "rmsprop_decay": lambda: O.RMSprop(learning_rate=0.01, weight_decay=0.25),
    "rmsprop_all_decay": lambda: O.RMSprop(learning_rate=0.01, momentum=0.5, centered=True, weight_decay=0.25),
}

arrays = {}
for number, (name, make) in enumerate(CASES.items()):
    rng = np.random.default_rng(100 + number)
    p0 = rng.normal(size=12).astype(np.float32)
    scale = 10.0 ** np.arange(-4, 2, 0.5)
    grads = (rng.normal(size=(20, 12)) * scale).astype(np.float32)
    grads[10:] *= 0.25  # so that the largest mean of the square is not the last one
    variable = keras.Variable(p0.astype(np.float64), name="w")
    optimizer = make()
    optimizer.build([variable])
    path = []
    for g in grads:
        optimizer.apply([keras.ops.convert_to_tensor(g.astype(np.float64))], [variable])
        path.append(np.array(variable))
    arrays |= {f"{name}.p0": p0, f"{name}.grads": grads, f"{name}.path_f64": np.array(path)}
np.savez(here / "weight_decay.npz", **arrays)
print(keras.__version__, len(CASES), "cases", (here / "weight_decay.npz").stat().st_size, "bytes")
