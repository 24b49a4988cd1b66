# SPDX-License-Identifier: MIT
"""Makes update_rules.npz: steps of Keras's optimizers with clipped and accumulated gradients and averaged weights, in float64.

    python make_update_rules.py        (needs tensorflow-cpu, which brings Keras 3)

Of each case the gradients of 13 batches of two parameters, and both after each batch; with use_ema the averages, too, and
the parameters after finalize_variable_values(). All that goes in are float32 numbers.
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
    "clipvalue": lambda: O.SGD(0.1, momentum=0.9, clipvalue=0.5),
    "clipnorm": lambda: O.SGD(0.1, momentum=0.9, clipnorm=1.5),
    "global_clipnorm": lambda: O.SGD(0.1, momentum=0.9, global_clipnorm=1.5),
    "accumulated": lambda: O.Adam(0.01, gradient_accumulation_steps=4),
    "accumulated_clipnorm": lambda: O.SGD(0.1, weight_decay=0.5, clipnorm=0.5, gradient_accumulation_steps=3),
    "ema": lambda: O.SGD(0.1, use_ema=True, ema_momentum=0.75),
    "ema_overwrites": lambda: O.SGD(0.1, momentum=0.9, use_ema=True, ema_momentum=0.75, ema_overwrite_frequency=5),
    "ema_accumulated": lambda: O.SGD(0.1, gradient_accumulation_steps=2, use_ema=True, ema_momentum=0.5,
                                     ema_overwrite_frequency=3),
}

arrays = {}
for number, (name, make) in enumerate(CASES.items()):
    rng = np.random.default_rng(300 + number)
    starts = [rng.normal(size=s).astype(np.float32) for s in (6, 4)]
    # Some gradients are far above the limits, some below.
    grads = [(rng.normal(size=(13, s)) * 10.0 ** rng.uniform(-1.5, 1, size=(13, 1))).astype(np.float32) for s in (6, 4)]
    variables = [keras.Variable(s.astype(np.float64), name=f"w{i}") for i, s in enumerate(starts)]
    optimizer = make()
    optimizer.build(variables)
    paths, averages = ([], []), ([], [])
    for step in range(13):
        optimizer.apply([keras.ops.convert_to_tensor(g[step].astype(np.float64)) for g in grads], variables)
        for i, v in enumerate(variables):
            paths[i].append(np.array(v))
            if optimizer.use_ema:
                averages[i].append(np.array(optimizer._model_variables_moving_average[i]))
    for i in range(2):
        arrays |= {f"{name}.p{i}": starts[i], f"{name}.grads{i}": grads[i], f"{name}.path{i}_f64": np.array(paths[i])}
        if optimizer.use_ema:
            arrays[f"{name}.average{i}_f64"] = np.array(averages[i])
    if optimizer.use_ema:
        optimizer.finalize_variable_values(variables)
        arrays |= {f"{name}.final{i}_f64": np.array(v) for i, v in enumerate(variables)}
np.savez(here / "update_rules.npz", **arrays)
print(keras.__version__, len(CASES), "cases", (here / "update_rules.npz").stat().st_size, "bytes")
