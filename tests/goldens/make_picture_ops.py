# SPDX-License-Identifier: MIT
"""Makes picture_ops.npz: what torchvision's transforms make of bytes.

    python make_picture_ops.py        (needs torch and torchvision)

colour and grey: pictures (H, W, C). Of each case name_amount, with p for the point: .colour and .grey.
"""
import math
import pathlib

import numpy as np
import torch
from torchvision.transforms.v2 import functional as F

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(31)
y, x = np.mgrid[0:37, 0:50]
base = np.stack([120 + 90 * np.sin(x / 7) * np.cos(y / 9), 255 * y / 36, 200 - 3 * x], axis=2)
colour = np.clip(base + rng.normal(size=base.shape) * 12, 0, 255).astype(np.uint8)
colour[3:6, 4:9] = 0
colour[10:12, 20:30] = [90, 90, 90]
grey = np.clip(40 + colour[..., :1] / 2.0, 0, 255).astype(np.uint8)

degrees = lambda a: math.degrees(math.atan(a))
affine = lambda p, **k: F.affine(p, **({"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0]} | k))
CASES = {
    "shear_x": ([0.09, -0.3], lambda p, a: affine(p, shear=[degrees(a), 0.0], center=[0, 0])),
    "shear_y": ([0.13, -0.23], lambda p, a: affine(p, shear=[0.0, degrees(a)], center=[0, 0])),
    "translate_x": ([6.8, -3], lambda p, a: affine(p, translate=[int(a), 0])),
    "translate_y": ([5, -4.2], lambda p, a: affine(p, translate=[0, int(a)])),
    "rotate": ([9, -27.3], lambda p, a: F.rotate(p, angle=a)),
    "brightness": ([0.6, 1.37], F.adjust_brightness),
    "contrast": ([0.5, 1.7], F.adjust_contrast),
    "saturation": ([0, 0.4, 1.8], F.adjust_saturation),
    "hue": ([0.1, -0.37, 0.5], F.adjust_hue),
    "sharpness": ([0.2, 1.9], F.adjust_sharpness),
    "posterize": ([3, 5], lambda p, a: F.posterize(p, int(a))),
    "solarize": ([100, 178.5], F.solarize),
    "autocontrast": ([0], lambda p, a: F.autocontrast(p)),
    "equalize": ([0], lambda p, a: F.equalize(p)),
}

arrays = {"colour": colour, "grey": grey}
for name, (amounts, op) in CASES.items():
    for amount in amounts:
        for kind, picture in (("colour", colour), ("grey", grey)):
            out = op(torch.from_numpy(picture.transpose(2, 0, 1).copy()), amount)
            arrays[f"{name}_{amount}.{kind}".replace(".", "p", str(amount).count("."))] = out.numpy().transpose(1, 2, 0).copy()

# parts made as large as the picture: top, left, height, width
for number, box in enumerate([(5, 7, 20, 30), (0, 0, 12, 50), (11, 21, 26, 9)]):
    out = F.resized_crop(torch.from_numpy(colour.transpose(2, 0, 1).astype(np.float32)), *box, [37, 50], antialias=False)
    arrays[f"crop_{number}.box"] = np.array(box)
    arrays[f"crop_{number}.colour"] = out.numpy().transpose(1, 2, 0).copy()

np.savez_compressed(here / "picture_ops.npz", **arrays)
print(len(arrays), "arrays,", (here / "picture_ops.npz").stat().st_size, "bytes")
