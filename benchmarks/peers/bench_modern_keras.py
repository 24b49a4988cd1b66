# SPDX-License-Identifier: MIT
"""Keras on TensorFlow (CPU): the peer's times for the rows M1-1, M1-32, ..., M4-32, M5 to M9, one JSON line a row.

usage: PY bench_modern_keras.py M3-32 ...
environment: BENCH_THREADS (2), TF_ENABLE_ONEDNN_OPTS (0 or 1), BENCH_SECONDS, BENCH_PHOTOS (folder for M8), BENCH_LARGE (folder for M9)
"""
import os, sys, time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import timing as T
import numpy as np
import tensorflow as tf
import keras
import networks_keras as nets
from keras import layers as L

tf.config.threading.set_intra_op_parallelism_threads(T.THREADS)
tf.config.threading.set_inter_op_parallelism_threads(T.THREADS)
PEER = f"keras{keras.__version__}-tf{tf.__version__} onednn={os.environ['TF_ENABLE_ONEDNN_OPTS']} xla=0"
rng = np.random.default_rng(0)


def infer(row, batch):
    m = nets.network(row)
    f = tf.function(lambda t: m(t, training=False))
    x = tf.constant(rng.random((batch, 224, 224, 3), dtype=np.float32))
    T.emit_time(PEER, f"{row} batch {batch} inference", T.measure(lambda: f(x).numpy()), batch, rss_peak_mb=T.rss_peak_mb())


def train(work, m, side, optimizer, classes):
    m.compile(loss="sparse_categorical_crossentropy", optimizer=optimizer)
    x = tf.constant(rng.random((32, side, side, 3), dtype=np.float32))
    y = tf.constant(np.arange(32) % classes)
    T.emit_time(PEER, work, T.measure(lambda: m.train_on_batch(x, y)), 32, rss_peak_mb=T.rss_peak_mb())


def statistics_fixed(m):
    """BatchNormalization by its moving averages everywhere: base(x, training=False), as Keras's guide to fine-tuning has it."""
    base = keras.Model(m.input, m.layers[-3].output)
    inputs = keras.Input((224, 224, 3))
    x = L.Dropout(0.2)(base(inputs, training=False))
    return keras.Model(inputs, L.Dense(2, activation="softmax")(x))


def features(row, folder, draft):
    """The folder as image_dataset_from_directory reads it, ahead of the network; TensorFlow has no reduced decoding."""
    del draft
    m = nets.alive(nets.efficientnet_lite0(224, 0)[0])
    m.predict(rng.random((32, 224, 224, 3), dtype=np.float32), batch_size=32, verbose=0)
    begin = time.perf_counter()
    photos = keras.utils.image_dataset_from_directory(folder, labels=None, image_size=(224, 224), batch_size=32, shuffle=False, verbose=False)
    photos = photos.map(lambda x: (x - 127) / 128, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
    n = len(m.predict(photos, verbose=0))
    T.emit_time(PEER, f"{row} features of {n} photos", [time.perf_counter() - begin], n, rss_peak_mb=T.rss_peak_mb(), decoder="tensorflow")


def sgd():
    return keras.optimizers.SGD(0.01, momentum=0.9)


def adam():
    return keras.optimizers.Adam(1e-4)


STEPS = {
    "M5": lambda: train("M5 train step", nets.network("M1", 160), 160, sgd(), 1000),
    "M6": lambda: train("M6 train step", nets.network("M4", 160), 160, sgd(), 1000),
    "M7": lambda: train("M7 train step", nets.fine_tuned(), 224, adam(), 2),
    "M7-folded": lambda: train("M7 train step, folded", statistics_fixed(nets.fine_tuned()), 224, adam(), 2),
}

if __name__ == "__main__":
    T.run_modern_rows(PEER, sys.argv[1:], STEPS, infer, features, begin=keras.backend.clear_session)
