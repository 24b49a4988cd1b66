# SPDX-License-Identifier: MIT
"""Layers with their gradients, and binary cross-entropy."""
import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from makers.arrays import add_both, both, layer_grads, normal, rng, save_npz, sigmoid64

ACT = {"linear": 0, "relu": 1, "sigmoid": 2}
PAD = {"valid": 0, "same": 1}

CASES = {
    # name: (N, H, W, Cin, Cout, kh, kw, sh, sw, padding, activation, bias, seed)
    "conv": {
        "c00": (1, 3, 3, 1, 1, 3, 3, 1, 1, "valid", "linear", 1, 100),
        "c01": (2, 5, 5, 1, 3, 3, 3, 1, 1, "valid", "linear", 1, 101),
        "c02": (1, 7, 6, 3, 4, 3, 3, 1, 1, "valid", "relu", 1, 102),
        "c03": (2, 8, 8, 3, 16, 3, 3, 1, 1, "same", "relu", 1, 103),
        "c04": (2, 8, 8, 3, 8, 3, 3, 2, 2, "same", "linear", 1, 104),
        "c05": (2, 9, 7, 3, 8, 3, 3, 2, 2, "same", "linear", 1, 105),
        "c06": (2, 9, 8, 3, 5, 3, 3, 2, 2, "valid", "linear", 1, 106),
        "c07": (1, 6, 9, 16, 3, 1, 1, 1, 1, "valid", "linear", 1, 107),
        "c08": (2, 7, 7, 16, 16, 1, 1, 2, 2, "same", "linear", 1, 108),
        "c09": (1, 10, 11, 3, 4, 2, 2, 1, 1, "same", "linear", 1, 109),
        "c10": (1, 10, 11, 3, 4, 4, 4, 1, 1, "same", "linear", 1, 110),
        "c11": (1, 11, 8, 1, 3, 5, 3, 2, 1, "valid", "linear", 1, 111),
        "c12": (1, 12, 13, 3, 4, 5, 5, 3, 3, "same", "linear", 1, 112),
        "c13": (1, 3, 4, 2, 3, 5, 5, 1, 1, "same", "linear", 1, 113),
        "c14": (3, 6, 6, 3, 5, 2, 2, 2, 2, "valid", "linear", 0, 114),
        "c15": (1, 10, 10, 16, 16, 3, 3, 1, 1, "same", "relu", 1, 115),
    },
    # name: (N, H, W, C, ph, pw, sh, sw, padding, kind of data, seed)
    "maxpool": {
        "p00": (2, 6, 6, 3, 2, 2, 2, 2, "valid", "normal", 200),
        "p01": (2, 7, 5, 3, 2, 2, 2, 2, "valid", "normal", 201),
        "p02": (1, 7, 5, 3, 2, 2, 2, 2, "same", "normal", 202),
        "p03": (1, 6, 6, 2, 2, 2, 2, 2, "valid", "ties", 203),
        "p04": (1, 7, 7, 2, 3, 3, 2, 2, "valid", "ties", 204),
        "p05": (1, 7, 7, 2, 3, 3, 2, 2, "same", "ties", 205),
        "p06": (1, 4, 4, 1, 2, 2, 2, 2, "valid", "constant", 206),
        "p07": (1, 5, 5, 3, 2, 2, 2, 2, "same", "negative", 207),
        "p08": (1, 5, 6, 2, 2, 2, 1, 1, "same", "ties", 208),
        "p09": (1, 8, 9, 4, 3, 2, 2, 3, "valid", "relu", 209),
    },
    # name: (N, In, Out, activation, bias, seed)
    "dense": {
        "d00": (1, 1, 1, "linear", 1, 300),
        "d01": (4, 7, 5, "relu", 1, 301),
        "d02": (3, 16, 1, "sigmoid", 1, 302),
        "d03": (2, 33, 17, "linear", 1, 303),
        "d04": (5, 8, 8, "relu", 0, 304),
        "d05": (30, 128, 12, "relu", 1, 305),
    },
    # name: (shape, rate, seed)
    "dropout": {
        "o00": ((4, 25), 0.3, 400),
        "o01": ((2, 5, 5, 3), 0.5, 401),
        "o02": ((64,), 0.1, 402),
    },
    # name: (logits, seed)
    "bce": {
        "b00": ([-200, -104, -88, -50, -20, -17, -16.2, -16, -15, -5, -1e-3, 0, 1e-3, 0.5, 5, 14, 15, 15.5, 16, 16.2,
                 16.7, 17, 20, 50, 88, 104, 200], 500),
        "b01": ("normal 30 2.0", 501),
        "b02": ("normal 13 6.0", 502),
    },
}


def make_conv(cases, out):
    arrays = {}
    for name, (n, h, w, ci, co, kh, kw, sh, sw, pad, act, bias, seed) in cases["conv"].items():
        r = rng(seed)
        x = normal(r, n, h, w, ci)
        k = normal(r, kh, kw, ci, co, scale=1 / math.sqrt(kh * kw * ci))
        b = normal(r, co, scale=0.1)
        oh, ow = [(-(-i // s)) if pad == "same" else (i - m) // s + 1 for i, m, s in ((h, kh, sh), (w, kw, sw))]
        dy = normal(r, n, oh, ow, co)
        weights = [k, b] if bias else [k]

        def run(dt, x, dy, *ws):
            layer = layers.Conv2D(co, (kh, kw), strides=(sh, sw), padding=pad, activation=act, use_bias=bool(bias))
            return layer_grads(layer, list(ws), x, dy)

        r32, r64 = both(run, x, dy, *weights)
        assert r32[0].shape == dy.shape
        arrays.update({f"{name}.x": x, f"{name}.dy": dy, f"{name}.kernel": k})
        if bias:
            arrays[f"{name}.bias"] = b
        arrays[f"{name}.cfg"] = np.array([sh, sw, PAD[pad], ACT[act], bias], np.int64)
        add_both(arrays, "conv", name, ["y", "dx", "dkernel", "dbias"], r32, r64)
    save_npz(out / "conv.npz", arrays)


def make_maxpool(cases, out):
    arrays = {}
    for name, (n, h, w, c, ph, pw, sh, sw, pad, kind, seed) in cases["maxpool"].items():
        r = rng(seed)
        x = {
            "normal": lambda: normal(r, n, h, w, c),
            "ties": lambda: r.randint(0, 3, (n, h, w, c)).astype(np.float32),
            "constant": lambda: np.full((n, h, w, c), 1.5, np.float32),
            "negative": lambda: -np.abs(normal(r, n, h, w, c)) - 1,
            "relu": lambda: np.maximum(normal(r, n, h, w, c), 0),
        }[kind]()
        oh, ow = [(-(-i // s)) if pad == "same" else (i - m) // s + 1 for i, m, s in ((h, ph, sh), (w, pw, sw))]
        dy = normal(r, n, oh, ow, c)

        def run(dt, x, dy):
            return layer_grads(layers.MaxPooling2D((ph, pw), strides=(sh, sw), padding=pad), [], x, dy)

        r32, r64 = both(run, x, dy)
        np.testing.assert_array_equal(r32[0], r64[0])
        arrays.update({f"{name}.x": x, f"{name}.dy": dy, f"{name}.cfg": np.array([ph, pw, sh, sw, PAD[pad]], np.int64)})
        add_both(arrays, "maxpool", name, ["y", "dx"], r32, r64)
        del arrays[f"{name}.y_f64"]
    save_npz(out / "maxpool.npz", arrays)


def make_dense(cases, out):
    arrays = {}
    for name, (n, i, o, act, bias, seed) in cases["dense"].items():
        r = rng(seed)
        x, k, b, dy = normal(r, n, i), normal(r, i, o, scale=1 / math.sqrt(i)), normal(r, o, scale=0.1), normal(r, n, o)
        weights = [k, b] if bias else [k]

        def run(dt, x, dy, *ws):
            return layer_grads(layers.Dense(o, activation=act, use_bias=bool(bias)), list(ws), x, dy)

        r32, r64 = both(run, x, dy, *weights)
        arrays.update({f"{name}.x": x, f"{name}.dy": dy, f"{name}.kernel": k})
        if bias:
            arrays[f"{name}.bias"] = b
        arrays[f"{name}.cfg"] = np.array([ACT[act], bias], np.int64)
        add_both(arrays, "dense", name, ["y", "dx", "dkernel", "dbias"], r32, r64)
    # Flatten is row major over (height, width, channel).
    x = np.arange(2 * 2 * 3 * 2, dtype=np.float32).reshape(2, 2, 3, 2)
    arrays["flatten.x"], arrays["flatten.y"] = x, np.asarray(layers.Flatten()(x))
    save_npz(out / "dense.npz", arrays)


def make_dropout(cases, out):
    arrays = {}
    for name, (shape, rate, seed) in cases["dropout"].items():
        r = rng(seed)
        x, dy = normal(r, *shape), normal(r, *shape)
        assert (x != 0).all()
        layer = layers.Dropout(rate, seed=seed)
        y, dx = layer_grads(layer, [], x, dy, training=True)
        mask = y != 0
        scale = np.float32(1 / (1 - rate))
        np.testing.assert_array_equal(y, np.where(mask, x * scale, 0))
        np.testing.assert_array_equal(dx, np.where(mask, dy * scale, 0))
        np.testing.assert_array_equal(np.asarray(layer(x, training=False)), x)
        arrays.update({f"{name}.x": x, f"{name}.dy": dy, f"{name}.mask": mask, f"{name}.rate": np.float64(rate),
                       f"{name}.y": y, f"{name}.dx": dx})
    save_npz(out / "dropout.npz", arrays)


def bce_keras2(y, p, dt):
    """The 2018 formula: clip the probability, take it back to a logit, then the stable logit loss."""
    one, eps = dt(1), dt(1e-7)
    lo, hi = eps, one - eps
    c = np.clip(p, lo, hi)
    z = np.log(c / (one - c))
    inside = (p >= lo) & (p <= hi)
    loss = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return loss, np.where(inside, (sigmoid64(z) - y) / (c * (one - c)), 0)


def make_bce(cases, out):
    arrays = {}
    for name, (spec, seed) in cases["bce"].items():
        r = rng(seed)
        if isinstance(spec, str):
            _, n, s = spec.split()
            z = normal(r, int(n), 1, scale=float(s))
            y = r.randint(0, 2, (int(n), 1)).astype(np.float32)
        else:  # each logit with both labels
            z = np.array(list(spec) + list(spec), np.float32)[:, None]
            y = np.repeat(np.array([0, 1], np.float32), len(spec))[:, None]
        n = len(z)
        w = np.round(r.uniform(0, 2, n), 3).astype(np.float32)
        w[::5] = 0
        p = sigmoid64(z).astype(np.float32)
        arrays.update({f"{name}.logits": z, f"{name}.labels": y, f"{name}.prob": p, f"{name}.sample_weight": w})

        def fused(dt, z, y, w):
            z = tf.constant(z)
            res = []
            for kw, sw in (({"reduction": None}, None), ({}, None), ({}, w)):
                with tf.GradientTape() as tape:
                    tape.watch(z)
                    loss = keras.losses.BinaryCrossentropy(**kw)(y, keras.activations.sigmoid(z), sample_weight=sw)
                res += [loss, tape.gradient(loss, z)]
            return [np.asarray(v) for v in res]

        def from_prob(dt, p, y, w):
            p = tf.constant(p)
            res = []
            for kw, sw in (({"reduction": None}, None), ({}, None), ({}, w)):
                with tf.GradientTape() as tape:
                    tape.watch(p)
                    loss = keras.losses.BinaryCrossentropy(**kw)(y, p, sample_weight=sw)
                res += [loss, tape.gradient(loss, p)]
            return [np.asarray(v) for v in res]

        names = ["each", "each_grad", "mean", "mean_grad", "weighted", "weighted_grad"]
        add_both(arrays, "bce", name, ["fused_" + s for s in names], *both(fused, z, y, w))
        add_both(arrays, "bce_prob", name, ["prob_" + s for s in names], *both(from_prob, p, y, w))
        for dt, suffix in ((np.float32, ""), (np.float64, "_f64")):
            loss, grad = bce_keras2(y.astype(dt), p.astype(dt), dt)
            arrays[f"{name}.keras2_each{suffix}"] = loss[:, 0].astype(dt)
            arrays[f"{name}.keras2_each_grad{suffix}"] = grad.astype(dt)
    # The threshold of accuracy: strictly more than 0.5 counts as class 1.
    p = np.array([0, 0.25, 0.49999997, 0.5, 0.50000006, 0.75, 1], np.float32)
    p, y = np.concatenate([p, p])[:, None], np.repeat([0, 1], len(p)).astype(np.float32)[:, None]
    arrays["accuracy.prob"], arrays["accuracy.labels"] = p, y
    arrays["accuracy.each"] = np.asarray(keras.metrics.binary_accuracy(y, p)).astype(np.float32)
    save_npz(out / "bce.npz", arrays)
