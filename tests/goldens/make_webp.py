#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""WebP pictures, and what Pillow makes of them, as Keras's load_img does: tests/goldens/images/webp_*.webp and .png.

    make_webp.py        # needs Pillow with WebP
"""

from pathlib import Path

import numpy as np
from PIL import Image

here = Path(__file__).parent / "images"
random = np.random.default_rng(27)


def picture(height, width, channels=3):
    """Smooth colours with some noise, and alpha that hides a part."""
    y, x = np.mgrid[0:height, 0:width]
    levels = [120 + 100 * np.sin(x / 9 + c) * np.cos(y / (5 + c)) for c in range(3)]
    levels = np.stack(levels, -1) + random.normal(0, 6, (height, width, 3))
    if channels == 4:
        alpha = np.where((x + y) % 40 < 12, 0, 255 * x / width)
        levels = np.concatenate([levels, alpha[..., None]], -1)
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8), "RGB" if channels == 3 else "RGBA")


def write(name, image, **how):
    path = here / f"webp_{name}.webp"
    image.save(path, "WEBP", **how)
    Image.open(path).convert("RGB").save(here / f"webp_{name}.png", optimize=True)


turned = Image.Exif()
turned[0x0112] = 6
write("lossy", picture(37, 50), quality=60)
write("lossless", picture(31, 45), lossless=True)
write("lossy_alpha", picture(33, 41, 4), quality=70)
write("lossless_alpha", picture(18, 23, 4), lossless=True, exact=True)
write("exif", picture(12, 20), quality=80, exif=turned)
write("one_pixel", picture(1, 1), lossless=True)
frames = [picture(10, 12) for _ in range(3)]
frames[0].save(here / "webp_animated.webp", "WEBP", save_all=True, append_images=frames[1:], duration=100)
Image.new("RGB", (5000, 4000), (10, 200, 30)).save(here / "webp_flat.webp", "WEBP", lossless=True)
