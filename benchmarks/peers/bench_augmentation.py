# SPDX-License-Identifier: MIT
"""Photos a second that torchvision's transforms v2 and Keras's layers augment: one JSON line a figure.

usage: PY bench_augmentation.py torch|keras
environment: BENCH_THREADS (2), BENCH_SECONDS

Pictures of 224x224 pixels in memory, bytes; out come floats of 0 to 1. torchvision works on one picture after the other, in
so many processes as there are threads (a DataLoader's workers do the same); Keras on batches of 32.
"""
import multiprocessing
import os
import sys
import time

import numpy as np
import timing as T

SIZE, COUNT = 224, 256


def pictures():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    base = np.stack([120 + 90 * np.sin(x / 17), 255 * y / SIZE, 200 - x / 2], axis=2)
    return np.clip(base + rng.normal(size=(COUNT, SIZE, SIZE, 3)) * 12, 0, 255).astype(np.uint8)


def torch_cases():
    import torch
    from torchvision.transforms import v2

    floats = v2.ToDtype(torch.float32, scale=True)
    return {
        "flip": v2.Compose([v2.RandomHorizontalFlip(), floats]),
        "rotation, shift, shear, zoom, flip": v2.Compose(
            [v2.RandomAffine(50, translate=(0.2, 0.2), scale=(0.7, 1.3), shear=10, interpolation=v2.InterpolationMode.BILINEAR),
             v2.RandomHorizontalFlip(), floats]),
        "resized crop": v2.Compose([v2.RandomResizedCrop(SIZE, antialias=False), floats]),
        "colour jitter": v2.Compose([v2.ColorJitter(0.4, 0.4, 0.4, 0.1), floats]),
        "rand_augment": v2.Compose([v2.RandAugment(), floats]),
        "random erasing": v2.Compose([floats, v2.RandomErasing(p=1)]),
        "mixup": "mix",
        "cutmix": "cut",
    }


def torch_worker(part, name, go, done, seconds):
    import torch
    from torchvision.transforms import v2

    torch.set_num_threads(1)
    case = torch_cases()[name]
    tensors = [torch.from_numpy(p.transpose(2, 0, 1).copy()) for p in part]
    labels = torch.arange(32) % 2
    mix = {"mix": v2.MixUp(alpha=0.2, num_classes=2), "cut": v2.CutMix(alpha=1.0, num_classes=2)}.get(case) if isinstance(case, str) else None
    floats = v2.ToDtype(torch.float32, scale=True)

    def once():
        for begin in range(0, len(tensors), 32):
            if mix:
                mix(torch.stack([floats(t) for t in tensors[begin:begin + 32]]), labels[:len(tensors[begin:begin + 32])])
            else:
                torch.stack([case(t) for t in tensors[begin:begin + 32]])

    once()
    done.put(0)
    go.wait()
    start, n = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        once()
        n += len(tensors)
    done.put(n / (time.perf_counter() - start))


def run_torch():
    import torch, torchvision

    peer = f"torch{torch.__version__.split('+')[0]}-torchvision{torchvision.__version__.split('+')[0]}"
    all_pictures = pictures()
    for name in torch_cases():
        go, done = multiprocessing.Event(), multiprocessing.Queue()
        parts = np.array_split(all_pictures, T.THREADS)
        workers = [multiprocessing.Process(target=torch_worker, args=(p, name, go, done, T.BUDGET)) for p in parts]
        for w in workers:
            w.start()
        for _ in workers:
            done.get()
        go.set()
        rate = sum(done.get() for _ in workers)
        for w in workers:
            w.join()
        T.emit(peer, "augment: " + name, rate, "photos/s", threads=T.THREADS)


def run_keras():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import tensorflow as tf
    import keras
    from keras import layers as L

    tf.config.threading.set_intra_op_parallelism_threads(T.THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(T.THREADS)
    peer = f"keras{keras.__version__}-tf{tf.__version__}"
    scale = (0, 255)
    cases = {
        "flip": [L.RandomFlip("horizontal")],
        "rotation, shift, shear, zoom, flip": [L.RandomRotation(50 / 360), L.RandomTranslation(0.2, 0.2), L.RandomShear(0.2),
                                               L.RandomZoom(0.3), L.RandomFlip("horizontal")],
        "colour jitter": [L.RandomColorJitter(value_range=scale, brightness_factor=0.4, contrast_factor=0.4,
                                              saturation_factor=0.4, hue_factor=0.1)],
    }
    x = pictures()
    batches = [tf.constant(x[i:i + 32]) for i in range(0, COUNT, 32)]
    for name, layers in cases.items():
        @tf.function
        def work(batch):
            value = tf.cast(batch, tf.float32)
            for layer in layers:
                value = layer(value, training=True)
            return value / 255.0

        def once():
            for b in batches:
                work(b)

        T.emit(peer, "augment: " + name, COUNT / T.median(T.measure(once)), "photos/s", threads=T.THREADS)


if __name__ == "__main__":
    run_torch() if sys.argv[1] == "torch" else run_keras()
