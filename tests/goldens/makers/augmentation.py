# SPDX-License-Identifier: MIT
"""ImageDataGenerator: the code of 2018 (Keras-Preprocessing) and that of Keras 3."""
import types

import keras_preprocessing
import numpy as np
import tensorflow as tf

keras_preprocessing.set_keras_submodules(
    backend=types.SimpleNamespace(image_data_format=lambda: "channels_last", floatx=lambda: "float32"),
    utils=types.SimpleNamespace(Sequence=object),
)
from keras_preprocessing import image as image_k2

from makers.arrays import rng, save_npz

image_k3 = tf.keras.preprocessing.image

CASES = {
    # name: (image, parameters of apply_affine_transform, flip_horizontal)
    "affine_images": {"a": (24, 20, 3, 1000), "s": (20, 20, 3, 1001)},
    "affine": {
        "a00": ("a", {}, 0),
        "a01": ("a", {"tx": 3.0}, 0),
        "a02": ("a", {"ty": -2.5}, 0),
        "a03": ("a", {"theta": 50.0}, 0),
        "a04": ("a", {"theta": -50.0}, 0),
        "a05": ("a", {"shear": 0.2}, 0),
        "a06": ("a", {"shear": 20.0}, 0),
        "a07": ("a", {"zx": 0.7, "zy": 0.7}, 0),
        "a08": ("a", {"zx": 1.3, "zy": 1.3}, 0),
        "a09": ("a", {"zx": 0.7, "zy": 1.3}, 0),
        "a10": ("a", {"theta": 33.0, "tx": 4.1, "ty": -3.3, "shear": 0.15, "zx": 0.9, "zy": 1.2}, 0),
        "a11": ("a", {"theta": -12.5, "tx": -4.8, "ty": 4.0, "shear": -0.2, "zx": 1.29, "zy": 0.71}, 1),
        "a12": ("a", {}, 1),
        "s00": ("s", {"theta": 50.0}, 0),
        "s01": ("s", {"tx": 3.25, "ty": -1.5}, 0),
        "s02": ("s", {"theta": -41.0, "tx": 2.0, "ty": 3.0, "shear": 0.1, "zx": 1.1, "zy": 0.8}, 1),
    },
    # name: (samples, side, batch, batches, seed of flow)
    "flow": {"w00": (10, 12, 4, 6, 7)},
}

AFFINE = ("theta", "tx", "ty", "shear", "zx", "zy")


def make_affine(cases, out):
    arrays = {}
    for k, (h, w, c, seed) in cases["affine_images"].items():
        arrays[f"image_{k}"] = rng(seed).randint(0, 256, (h, w, c)).astype(np.uint8)
    for name, (img, kw, flip) in cases["affine"].items():
        x = arrays[f"image_{img}"].astype(np.float32)
        full = {**dict(theta=0, tx=0, ty=0, shear=0, zx=1, zy=1), **kw, "flip_horizontal": flip}
        arrays[f"{name}.params"] = np.array([full[a] for a in AFFINE] + [flip], np.float64)
        arrays[f"{name}.image"] = np.int64(list(cases["affine_images"]).index(img))
        for module, key in ((image_k2, "keras2"), (image_k3, "keras3")):
            y = module.ImageDataGenerator(fill_mode="nearest").apply_transform(x.copy(), full)
            assert y.dtype == np.float32
            arrays[f"{name}.{key}"] = np.ascontiguousarray(y)
    save_npz(out / "affine.npz", arrays)


def make_flow(cases, out):
    """ImageDataGenerator.flow with the seed's settings: which samples, which draws, which pixels."""
    arrays = {}
    for name, (n, side, batch, batches, seed) in cases["flow"].items():
        r = rng(seed + 5000)
        x = r.randint(0, 256, (n, side, side, 3)).astype(np.uint8)
        y = np.arange(n)
        arrays[f"{name}.x"] = x
        arrays[f"{name}.cfg"] = np.array([n, side, batch, batches, seed], np.int64)
        for module, key in ((image_k2, "keras2"), (image_k3, "keras3")):
            gen = module.ImageDataGenerator(rescale=1.0 / 255, zoom_range=0.3, rotation_range=50, width_shift_range=0.2,
                                            height_shift_range=0.2, shear_range=0.2, horizontal_flip=True,
                                            fill_mode="nearest")
            draws = []
            real = gen.get_random_transform

            def spy(shape, seed=None):
                p = real(shape, seed)
                draws.append([float(p[a]) for a in AFFINE] + [float(p["flip_horizontal"])])
                return p

            gen.get_random_transform = spy
            it = gen.flow(x, y, batch_size=batch, seed=seed)
            order, sizes, pixels = [], [], []
            for _ in range(batches):
                bx, by = next(it)
                order.append(by)
                sizes.append(len(by))
                pixels.append(bx)
            arrays[f"{name}.{key}.order"] = np.concatenate(order).astype(np.int64)
            arrays[f"{name}.{key}.sizes"] = np.array(sizes, np.int64)
            arrays[f"{name}.{key}.draws"] = np.array(draws, np.float64)
            arrays[f"{name}.{key}.pixels"] = np.concatenate(pixels).astype(np.float32)
        np.testing.assert_array_equal(arrays[f"{name}.keras2.draws"], arrays[f"{name}.keras3.draws"])
        r = np.random.RandomState(seed)
        arrays[f"{name}.rng_permutation"] = r.permutation(n).astype(np.int64)
        arrays[f"{name}.rng_uniform"] = r.uniform(-50, 50, 8)
        arrays[f"{name}.rng_random"] = r.random_sample(8)
    save_npz(out / "flow.npz", arrays)
