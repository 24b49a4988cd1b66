# SPDX-License-Identifier: MIT
"""Steps of optimizers on given gradients."""
import keras
import numpy as np
import tensorflow as tf

from makers.arrays import add_both, both, measure, normal, rng, save_npz

CASES = {
    # name: (class, arguments, seed)
    "optimizers": {
        "rmsprop": ("RMSprop", {"learning_rate": 1e-3}, 600),
        "rmsprop_1e-4": ("RMSprop", {"learning_rate": 1e-4}, 601),
        "rmsprop_2e-5": ("RMSprop", {"learning_rate": 2e-5}, 602),
        "rmsprop_momentum": ("RMSprop", {"learning_rate": 1e-3, "momentum": 0.9}, 603),
        "rmsprop_centered": ("RMSprop", {"learning_rate": 1e-3, "centered": True}, 604),
        "rmsprop_keras2": ("keras2", {"learning_rate": 1e-3}, 605),
        "rmsprop_keras2_decay": ("keras2", {"learning_rate": 1e-3, "decay": 1e-2}, 606),
        "sgd": ("SGD", {"learning_rate": 1e-2}, 607),
        "sgd_momentum": ("SGD", {"learning_rate": 1e-2, "momentum": 0.9}, 608),
        "sgd_nesterov": ("SGD", {"learning_rate": 1e-2, "momentum": 0.9, "nesterov": True}, 609),
        "adam": ("Adam", {"learning_rate": 1e-3}, 610),
    },
}


def rmsprop_keras2(p, grads, dt, learning_rate, decay=0.0):
    """Keras 2.2.4 in numpy: epsilon outside the root; the inverse-time decay uses the count before this update."""
    p, a = p.astype(dt), np.zeros(p.shape, dt)
    lr0, rho, eps = dt(learning_rate), dt(0.9), dt(1e-7)
    one, path = dt(1), []
    for t, g in enumerate(grads.astype(dt)):
        lr = lr0 * (one / (one + dt(decay) * dt(t))) if decay > 0 else lr0
        a = rho * a + (one - rho) * (g * g)
        p = p - lr * g / (np.sqrt(a) + eps)
        path.append(p.copy())
    return [np.stack(path), a]


def make_optimizers(cases, out):
    arrays = {}
    for name, (cls, kw, seed) in cases["optimizers"].items():
        r = rng(seed)
        p0 = normal(r, 12)
        g = normal(r, 20, 12)
        g[:, 0] = 1
        g[:, 1] = 1e-3
        g[:, 2] = 1e-8
        g[:, 3] = 0
        g[:, 4] = np.where(np.arange(20) % 2, -0.5, 0.5)
        g[:, 5] *= 1e-4
        g[:, 6] *= 1e4
        g[10:, 7] = 0
        g[:, 8] *= 1e-6

        def run(dt, p0, g):
            if cls == "keras2":
                return rmsprop_keras2(p0, g, np.dtype(dt).type, **kw)
            opt = getattr(keras.optimizers, cls)(**kw)
            v = keras.Variable(p0, dtype=dt)
            opt.build([v])
            path = []
            for gi in g:
                opt.apply([tf.constant(gi)], [v])
                path.append(np.array(v))
            slots = [np.array(s) for s in opt.variables[2:]]
            assert slots or cls == "SGD"
            return [np.stack(path)] + slots

        r32, r64 = both(run, p0, g)
        arrays[f"{name}.p0"], arrays[f"{name}.grads"] = p0, g
        for j in range(p0.size):  # the columns differ in scale
            measure("optimizers, one column", r32[0][:, j], r64[0][:, j])
        add_both(arrays, "optimizers", name, ["path"] + [f"slot{i}" for i in range(len(r32) - 1)], r32, r64)
    save_npz(out / "optimizers.npz", arrays)
