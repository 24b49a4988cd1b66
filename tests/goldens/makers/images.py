# SPDX-License-Identifier: MIT
"""Pictures in files, and what load_img reads of them."""
import keras
import numpy as np
from PIL import Image

from makers.arrays import rng, save_npz

CASES = {
    # name: (width, height, kind, seed); then the target sizes (height, width)
    "images": {
        "cat_444": (197, 131, "jpeg444", 1100),
        "dog_420": (120, 250, "jpeg420", 1101),
        "small_progressive": (64, 48, "progressive", 1102),
        "rotated_exif": (40, 24, "exif6", 1103),
        "gray": (31, 45, "grayjpeg", 1104),
        "palette": (50, 38, "palette", 1105),
        "rgba": (37, 29, "rgba", 1106),
    },
    "image_sizes": [(150, 150), (37, 61)],
}


def photo(r, w, h):
    """A picture with soft light, a few round things, texture and some noise."""
    yy, xx = np.mgrid[0:h, 0:w] / max(w, h)
    a = np.zeros((h, w, 3))
    for c in range(3):
        a[..., c] = 110 + 90 * np.sin(2.3 * xx * r.uniform(0.5, 1.5) + r.uniform(0, 6)) * np.cos(1.9 * yy + r.uniform(0, 6))
    for _ in range(6):
        cx, cy, s = r.uniform(0, w / max(w, h)), r.uniform(0, h / max(w, h)), r.uniform(0.04, 0.2)
        m = 1 / (1 + np.exp((np.hypot(xx - cx, yy - cy) - s) * r.uniform(40, 140)))
        a = a * (1 - m[..., None]) + m[..., None] * r.uniform(20, 235, 3)
    a += 12 * np.sin(60 * xx + 25 * yy)[..., None] + r.normal(0, 5, (h, w, 1)) + r.normal(0, 2, (h, w, 3))
    return np.clip(np.round(a), 0, 255).astype(np.uint8)


def make_images(cases, out):
    (out / "images").mkdir(exist_ok=True)
    arrays = {}
    for name, (w, h, kind, seed) in cases["images"].items():
        img = Image.fromarray(photo(rng(seed), w, h), "RGB")
        files = []
        if kind in ("jpeg444", "jpeg420", "progressive", "exif6", "grayjpeg"):
            kw = {"quality": 90, "subsampling": 0 if kind == "jpeg444" else 2}
            if kind == "grayjpeg":
                img, kw = img.convert("L"), {"quality": 90}
            if kind == "progressive":
                kw["progressive"] = True
            if kind == "exif6":
                ex = Image.Exif()
                ex[0x0112] = 6
                kw["exif"] = ex
            img.save(out / "images" / f"{name}.jpg", "JPEG", **kw)
            decoded = Image.open(out / "images" / f"{name}.jpg")
            Image.fromarray(np.asarray(decoded)).save(out / "images" / f"{name}.png", "PNG")
            files = [f"{name}.jpg", f"{name}.png"]
        elif kind == "palette":
            img.quantize(17, dither=Image.Dither.NONE).save(out / "images" / f"{name}.png", "PNG")
            files = [f"{name}.png"]
        elif kind == "rgba":
            alpha = Image.fromarray((np.indices((h, w)).sum(0) * 3 % 256).astype(np.uint8), "L")
            img.putalpha(alpha)
            img.save(out / "images" / f"{name}.png", "PNG")
            files = [f"{name}.png"]
        png = out / "images" / f"{name}.png"
        arrays[f"{name}.rgb"] = np.asarray(keras.utils.load_img(png)).astype(np.uint8)
        arrays[f"{name}.gray"] = np.asarray(keras.utils.load_img(png, color_mode="grayscale")).astype(np.uint8)
        for th, tw in cases["image_sizes"]:
            for f in files:
                a = keras.utils.img_to_array(keras.utils.load_img(out / "images" / f, target_size=(th, tw)))
                assert a.shape == (th, tw, 3) and a.dtype == np.float32
                k = f"{name}.{th}x{tw}"
                if k in arrays:
                    np.testing.assert_array_equal(arrays[k], a)
                arrays[k] = a.astype(np.uint8)
            b = keras.utils.img_to_array(keras.utils.load_img(png, target_size=(th, tw), interpolation="bilinear"))
            if (th, tw) != (150, 150):
                arrays[f"{name}.{th}x{tw}.bilinear"] = b.astype(np.uint8)
    save_npz(out / "loadimg.npz", arrays)
