# SPDX-License-Identifier: MIT
"""Weights and pictures for models."""
import math

import numpy as np

from makers.arrays import normal


def glorot(r, *shape):
    rf = int(np.prod(shape[:-2])) if len(shape) > 2 else 1
    lim = math.sqrt(6.0 / (rf * (shape[-2] + shape[-1])))
    return r.uniform(-lim, lim, shape).astype(np.float32)


def random_weights(model, r, bias=0.0):
    vector = lambda n: normal(r, n, scale=bias) if bias else np.zeros(n, np.float32)
    ws = [glorot(r, *v.shape) if len(v.shape) > 1 else vector(v.shape[0]) for v in model.weights]
    model.set_weights(ws)
    return ws


def pictures(r, n, side):
    """Two classes, told apart by the direction of their stripes; values k/255 in float32."""
    y = r.randint(0, 2, n)
    i = np.arange(side)
    x = np.zeros((n, side, side, 3))
    for k in range(n):
        wave = 0.5 + 0.4 * np.sin(i * r.uniform(0.8, 1.6) + r.uniform(0, 6))
        plane = wave[:, None] if y[k] else wave[None, :]
        x[k] = np.broadcast_to(plane, (side, side))[..., None] * r.uniform(0.3, 1, 3) + r.normal(0, 0.15, (side, side, 3))
    u8 = np.clip(np.round(x * 255), 0, 255).astype(np.uint8)
    return u8, u8.astype(np.float32) * np.float32(1 / 255), y.astype(np.float32)


def weight_names(model):
    return ["/".join(v.path.split("/")[-2:]) for v in model.weights]


def put_weights(arrays, prefix, model, suffix=""):
    for n, v in zip(weight_names(model), model.get_weights()):
        arrays[f"{prefix}.{n.replace('/', '.')}{suffix}"] = v
