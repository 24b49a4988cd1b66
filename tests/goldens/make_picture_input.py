#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How Keras makes input of pictures: load_img's colour modes, aspect ratios and interpolations, and Pillow's upright ones.

    python make_picture_input.py [OUT]        default: picture_input.npz beside this file

Needs keras (3), Pillow and numpy; the committed file was written with keras 3.15.1 and Pillow 13.0.0.
"""
import io
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras
import numpy as np
import PIL
from PIL import Image, ImageOps

rng = np.random.default_rng(31)
out = {}
SIZES = [(5, 7), (20, 20), (40, 15), (19, 50)]
for p, (height, width) in enumerate([(37, 53), (80, 41), (24, 64)]):
    picture = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    out[f"picture_{p}"] = picture
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    for s, size in enumerate(SIZES):
        for interpolation in ("nearest", "bilinear"):
            for crop in (False, True):
                for mode in ("rgb", "grayscale"):
                    file.seek(0)
                    loaded = keras.utils.load_img(file, color_mode=mode, target_size=size,
                                                  interpolation=interpolation, keep_aspect_ratio=crop)
                    key = f"{p}.{s}.{interpolation}.{'crop' if crop else 'stretch'}.{mode}"
                    out[key] = np.asarray(loaded).reshape(size + (3 if mode == "rgb" else 1,))
small = rng.integers(0, 256, (3, 5, 3), dtype=np.uint8)
out["small"] = small
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    for kind, options in (("JPEG", {"quality": 95, "subsampling": 0}), ("PNG", {})):
        file = io.BytesIO()
        Image.fromarray(small).save(file, kind, exif=exif, **options)
        out[f"exif.{kind}.{orientation}"] = np.frombuffer(file.getvalue(), np.uint8)
    out[f"upright.{orientation}"] = np.asarray(ImageOps.exif_transpose(Image.open(file)))
out["sizes"] = np.asarray(SIZES, np.int64)
print("keras", keras.__version__, "Pillow", PIL.__version__)
path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "picture_input.npz")
np.savez(path, **out)
