# SPDX-License-Identifier: MIT
"""Photos for the rows M8 and M9: the files, and how Pillow reads them as EfficientNet-Lite0 takes them."""
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (224, 224)
BATCH = 32


def files(folder):
    found = sorted(Path(folder).rglob("*.jpg"))
    if not found:
        raise FileNotFoundError(f"{folder}: has no photos (.jpg)")
    return found


def read(path, draft):
    """Floats (224, 224, 3). draft: decoded at a half to an eighth of its size where that leaves enough."""
    image = Image.open(path)
    if draft:
        image.draft("RGB", SIZE)
    levels = np.asarray(image.convert("RGB").resize(SIZE, Image.Resampling.BILINEAR), dtype=np.float32)
    return (levels - np.float32(127)) / np.float32(128)


def batches(items):
    return [items[i : i + BATCH] for i in range(0, len(items), BATCH)]
