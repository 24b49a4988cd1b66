# SPDX-License-Identifier: MIT
"""Files of weights and models, in the layouts of Keras 1, 2 and 3."""
import json
import pathlib
import re
import tempfile
import zipfile

import h5py
import keras
import numpy as np
from keras import layers

from makers.arrays import floatx, measure, rng, save_npz
from makers.models import pictures, put_weights, random_weights

CASES = {
    # name: (channels of the five blocks, seed)
    "vgg": {"tiny_vgg": ((4, 4, 6, 8, 8), 1200)},
    "seq": {"tiny_seq": (12, 4, 6, 8, 1300)},
    "transfer": {"tiny_transfer": (32, (4, 4, 6, 8, 8), 8, 1400)},
}


def tiny_vgg(channels, side=32, top=False, name="vgg16"):
    x = i = keras.Input((side, side, 3), name="input_1")
    for b, (n, c) in enumerate(zip((2, 2, 3, 3, 3), channels), 1):
        for k in range(1, n + 1):
            x = layers.Conv2D(c, 3, activation="relu", padding="same", name=f"block{b}_conv{k}")(x)
        x = layers.MaxPooling2D(2, strides=2, name=f"block{b}_pool")(x)
    if top:
        x = layers.Flatten(name="flatten")(x)
    return keras.Model(i, x, name=name)


def stable_json(text):
    """Number the shared object ids by their first appearance: Keras writes memory addresses there."""
    seen = {}
    return re.sub(r'("shared_object_id": )(\d+)', lambda m: m[1] + str(seen.setdefault(m[2], len(seen) + 1)), text)


def copy_h5(src, dst):
    """Write src again, object by object, with stable attributes."""
    def walk(a, b):
        for k, v in a.attrs.items():
            b.attrs[k] = stable_json(v) if isinstance(v, str) else v
        for k, o in a.items():
            if isinstance(o, h5py.Group):
                walk(o, b.create_group(k))
            else:
                b.create_dataset(k, o.shape, dtype=o.dtype)[...] = o[...]
    with h5py.File(src, "r") as a, h5py.File(dst, "w") as b:
        walk(a, b)


def save_keras(model, path):
    with tempfile.TemporaryDirectory() as d:
        tmp = pathlib.Path(d) / "m.keras"
        model.save(tmp)
        with zipfile.ZipFile(tmp) as a, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as b:
            for e in a.infolist():
                data = a.read(e.filename)
                if e.filename == "metadata.json":
                    data = json.dumps({**json.loads(data), "date_saved": "2000-01-01@00:00:00"}).encode()
                elif e.filename == "config.json":
                    data = stable_json(data.decode()).encode()
                b.writestr(zipfile.ZipInfo(e.filename), data)


def save_legacy(model, path):
    with tempfile.TemporaryDirectory() as d:
        tmp = pathlib.Path(d) / "m.h5"
        model.save(tmp)
        copy_h5(tmp, path)


def fixed(names):
    """A list of names as h5py 2 stored it: fixed-length byte strings; an empty list became an empty float64 array."""
    return np.array([n.encode() for n in names]) if names else np.zeros((0,), np.float64)


def write_keras12(group, listing, version):
    """The HDF5 weight layout of Keras 1 (no version attribute) and Keras 2."""
    group.attrs["layer_names"] = fixed([n for n, _ in listing])
    if version:
        group.attrs["backend"] = b"tensorflow"
        group.attrs["keras_version"] = version.encode()
    for layer, ws in listing:
        g = group.create_group(layer)
        g.attrs["weight_names"] = fixed([n for n, _ in ws])
        for n, v in ws:
            g.create_dataset(n, v.shape, dtype=v.dtype)[...] = v


def make_weight_files(cases, out):
    (out / "weights").mkdir(exist_ok=True)
    wd = out / "weights"
    for name, (channels, seed) in cases["vgg"].items():
        m = tiny_vgg(channels)
        random_weights(m, rng(seed), bias=0.05)
        arrays = {}
        put_weights(arrays, "w", m)
        u8 = rng(seed + 1).randint(0, 256, (3, 32, 32, 3)).astype(np.uint8)
        x = u8.astype(np.float32) * np.float32(1 / 255)
        arrays["x_uint8"], arrays["y"] = u8, np.asarray(m(x))
        with floatx("float64"):
            m64 = tiny_vgg(channels)
            m64.set_weights([w.astype(np.float64) for w in m.get_weights()])
            arrays["y_f64"] = np.asarray(m64(u8 / 255.0))
        measure("weights", arrays["y"], arrays["y_f64"])
        save_npz(wd / f"{name}.npz", arrays)
        k1, k2 = [], []
        for layer in m.layers:
            ws = layer.get_weights()
            k1.append((layer.name, [(f"{layer.name}_{s}_1:0", w) for s, w in zip("Wb", ws)]))
            k2.append((layer.name, [(f"{layer.name}/{s}:0", w) for s, w in zip(("kernel", "bias"), ws)]))
        with h5py.File(wd / f"{name}_keras1_notop.h5", "w") as f:
            write_keras12(f, k1, None)
        with h5py.File(wd / f"{name}_keras2_notop.h5", "w") as f:
            write_keras12(f, k2, "2.2.4")
        m.save_weights(wd / f"{name}_notop.weights.h5")
        for f in (f"{name}_keras1_notop.h5", f"{name}_keras2_notop.h5", f"{name}_notop.weights.h5"):
            other = tiny_vgg(channels)
            other.load_weights(wd / f)
            np.testing.assert_array_equal(np.asarray(other(x)), arrays["y"])

    for name, (side, c1, c2, units, seed) in cases["seq"].items():
        m = keras.Sequential(
            [keras.Input((side, side, 3), name="input_1"), layers.Conv2D(c1, 3, activation="relu", name="conv2d_1"),
             layers.MaxPooling2D(2, name="max_pooling2d_1"),
             layers.Conv2D(c2, (3, 3), strides=2, padding="same", activation="relu", name="conv2d_2"),
             layers.Flatten(name="flatten_1"), layers.Dense(units, activation="relu", name="dense_1"),
             layers.Dropout(0.3, seed=seed, name="dropout_1"), layers.Dense(1, activation="sigmoid", name="dense_2")],
            name="sequential_1")
        random_weights(m, rng(seed), bias=0.05)
        u8, x, y = pictures(rng(seed + 1), 6, side)
        m.compile(keras.optimizers.RMSprop(1e-4, name="rmsprop"), "binary_crossentropy", metrics=["accuracy"])
        for _ in range(2):
            m.train_on_batch(x, y[:, None])
        arrays = {"x_uint8": u8, "y": np.asarray(m(x, training=False))}
        put_weights(arrays, "w", m)
        slots = [np.array(v) for v in m.optimizer.variables]
        for i, s in enumerate(slots[2:]):
            arrays[f"rms.{i}"] = s
        save_npz(wd / f"{name}.npz", arrays)
        save_keras(m, wd / f"{name}.keras")
        save_legacy(m, wd / f"{name}_legacy_keras3.h5")
        m.save_weights(wd / f"{name}.weights.h5")
        # The same model as Keras 2.2.4 laid it out.
        init = {"class_name": "VarianceScaling", "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform",
                                                            "seed": None}}
        conv = lambda n, f, s, p: {"class_name": "Conv2D", "config": {
            "name": n, "trainable": True, "filters": f, "kernel_size": [3, 3], "strides": [s, s], "padding": p,
            "data_format": "channels_last", "dilation_rate": [1, 1], "activation": "relu", "use_bias": True,
            "kernel_initializer": init, "bias_initializer": {"class_name": "Zeros", "config": {}},
            "kernel_regularizer": None, "bias_regularizer": None, "activity_regularizer": None,
            "kernel_constraint": None, "bias_constraint": None}}
        dense = lambda n, u, a: {"class_name": "Dense", "config": {
            "name": n, "trainable": True, "units": u, "activation": a, "use_bias": True, "kernel_initializer": init,
            "bias_initializer": {"class_name": "Zeros", "config": {}}, "kernel_regularizer": None,
            "bias_regularizer": None, "activity_regularizer": None, "kernel_constraint": None, "bias_constraint": None}}
        first = conv("conv2d_1", c1, 1, "valid")
        first["config"].update({"batch_input_shape": [None, side, side, 3], "dtype": "float32"})
        config = {"class_name": "Sequential", "config": {"name": "sequential_1", "layers": [
            first,
            {"class_name": "MaxPooling2D", "config": {"name": "max_pooling2d_1", "trainable": True, "pool_size": [2, 2],
                                                      "padding": "valid", "strides": [2, 2],
                                                      "data_format": "channels_last"}},
            conv("conv2d_2", c2, 2, "same"),
            {"class_name": "Flatten", "config": {"name": "flatten_1", "trainable": True, "data_format": "channels_last"}},
            dense("dense_1", units, "relu"),
            {"class_name": "Dropout", "config": {"name": "dropout_1", "trainable": True, "rate": 0.3, "noise_shape": None,
                                                 "seed": None}},
            dense("dense_2", 1, "sigmoid")]}}
        training = {"optimizer_config": {"class_name": "RMSprop", "config": {
            "lr": 9.999999747378752e-05, "rho": 0.8999999761581421, "decay": 0.0, "epsilon": 1e-07}},
            "loss": "binary_crossentropy", "metrics": ["accuracy"], "sample_weight_mode": None, "loss_weights": None}
        with h5py.File(wd / f"{name}_keras2.h5", "w") as f:
            f.attrs["keras_version"], f.attrs["backend"] = b"2.2.4", b"tensorflow"
            f.attrs["model_config"] = json.dumps(config).encode()
            f.attrs["training_config"] = json.dumps(training).encode()
            write_keras12(f.create_group("model_weights"), [
                (l.name, [(f"{l.name}/{s}:0", w) for s, w in zip(("kernel", "bias"), l.get_weights())]) for l in m.layers],
                "2.2.4")
            g = f.create_group("optimizer_weights")
            names = ["training/RMSprop/Variable" + (f"_{i}" if i else "") + ":0" for i in range(len(slots) - 2)]
            g.attrs["weight_names"] = fixed(names)
            for n, v in zip(names, slots[2:]):
                g.create_dataset(n, v.shape, dtype=v.dtype)[...] = v
        for f in (f"{name}.keras", f"{name}_legacy_keras3.h5"):
            other = keras.models.load_model(wd / f, compile=f.endswith(".keras"))
            np.testing.assert_array_equal(np.asarray(other(x, training=False)), arrays["y"])
        # Keras 3.15.1 takes the batch_input_shape of a Keras 2 config for a shape without its batch axis, so only the
        # weights of that file can be read back here.
        other = keras.models.clone_model(m)
        other.load_weights(wd / f"{name}_keras2.h5")
        np.testing.assert_array_equal(np.asarray(other(x, training=False)), arrays["y"])

    for name, (side, channels, units, seed) in cases["transfer"].items():
        base = tiny_vgg(channels, side, top=True, name="model_1")
        m = keras.Sequential([keras.Input((side, side, 3), name="input_2"), base,
                              layers.Dense(units, activation="relu", name="dense_1"),
                              layers.Dropout(0.3, seed=seed, name="dropout_1"),
                              layers.Dense(1, activation="sigmoid", name="dense_2")], name="sequential_1")
        random_weights(m, rng(seed), bias=0.05)
        base.trainable = True
        for layer in base.layers:
            layer.trainable = layer.name.startswith(("block4", "block5", "flatten"))
        m.compile(keras.optimizers.RMSprop(1e-5, name="rmsprop"), "binary_crossentropy", metrics=["accuracy"])
        u8, x, y = pictures(rng(seed + 1), 4, side)
        m.train_on_batch(x, y[:, None])
        arrays = {"x_uint8": u8, "y": np.asarray(m(x, training=False))}
        put_weights(arrays, "w", m)
        arrays["trainable"] = np.array([int(v.trainable) for v in m.weights], np.uint8)
        save_npz(wd / f"{name}.npz", arrays)
        save_keras(m, wd / f"{name}.keras")
        save_legacy(m, wd / f"{name}_legacy_keras3.h5")
        for f in (f"{name}.keras", f"{name}_legacy_keras3.h5"):
            other = keras.models.load_model(wd / f, compile=False)
            np.testing.assert_array_equal(np.asarray(other(x, training=False)), arrays["y"])
