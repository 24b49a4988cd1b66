# SPDX-License-Identifier: MIT
"""Photos a second that Pillow reads, to 224x224, bilinear: in full, and by Image.draft(). One JSON line each.

usage: PY bench_decoding.py FOLDER
environment: BENCH_THREADS (2), BENCH_MINREP (5)

So many threads as BENCH_THREADS: Pillow decodes and resizes without Python's lock.
"""
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import timing as T
from PIL import Image

SIZE = (224, 224)
files = sorted(Path(sys.argv[1]).rglob("*.jpg"))


def read(path, draft):
    image = Image.open(path)
    if draft:
        image.draft("RGB", SIZE)
    return np.asarray(image.convert("RGB").resize(SIZE, Image.Resampling.BILINEAR))


rates = {False: [], True: []}
with ThreadPoolExecutor(T.THREADS) as pool:
    for _ in range(T.MINREP):
        for draft in rates:
            begin = time.perf_counter()
            list(pool.map(lambda path: read(path, draft), files))
            rates[draft].append(len(files) / (time.perf_counter() - begin))
for draft, of in rates.items():
    of.sort()
    T.emit("pillow", "draft" if draft else "in full", T.median(of), "photos/s", min=of[0], max=of[-1], threads=T.THREADS)
