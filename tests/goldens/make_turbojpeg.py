#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""JPEG pictures, and what Pillow makes of them by libjpeg-turbo: tests/goldens/images/turbo_*.jpg and .png.

    make_turbojpeg.py        # needs Pillow

turbo_NAME.png is the picture in full, turbo_NAME.half.png and .quarter.png what Image.draft() gives for a half and a quarter of its size.
"""

from pathlib import Path

import numpy as np
from PIL import Image

here = Path(__file__).parent / "images"
random = np.random.default_rng(28)


def picture(height, width):
    """Smooth colours with some noise."""
    y, x = np.mgrid[0:height, 0:width]
    levels = [120 + 100 * np.sin(x / 9 + c) * np.cos(y / (5 + c)) for c in range(3)]
    return Image.fromarray(np.clip(np.stack(levels, -1) + random.normal(0, 6, (height, width, 3)), 0, 255).astype(np.uint8))


def write(name, image, **how):
    path = here / f"turbo_{name}.jpg"
    image.save(path, "JPEG", **how)
    Image.open(path).convert("RGB").save(here / f"turbo_{name}.png", optimize=True)
    for word, by in (("half", 2), ("quarter", 4)):
        reduced = Image.open(path)
        reduced.draft("RGB", (image.width // by, image.height // by))
        reduced.convert("RGB").save(here / f"turbo_{name}.{word}.png", optimize=True)


write("420", picture(61, 83), quality=85, subsampling="4:2:0")
write("444", picture(40, 52), quality=95, subsampling="4:4:4")
write("grey", picture(44, 44).convert("L"), quality=90)
write("progressive", picture(48, 64), quality=80, progressive=True)
exif = Image.Exif()
exif[0x0112] = 6  # the camera was held upright
write("exif", picture(48, 80), quality=90, exif=exif)
