# SPDX-License-Identifier: MIT
"""Makes metrics.npz: figures of outputs by scikit-learn and Keras.

    python make_metrics.py        (needs scikit-learn and tensorflow-cpu, which brings Keras 3)

Of each case y (outputs) and t (labels: class numbers, or one a label); auc, average_precision and, of several outputs,
f1_score (Keras, macro) and top_2_accuracy; of yes-or-no outputs f1_half, with a threshold of 0.5.
"""
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(41)
arrays = {}


def add(name, **values):
    arrays.update({f"{name}.{key}": np.asarray(value) for key, value in values.items()})


def f1(y, t, threshold=None):
    metric = keras.metrics.F1Score(average="macro", threshold=threshold)
    metric.update_state(t.astype(np.float32), y)
    return float(metric.result())


def rounded(y):  # so that some outputs are equal
    return (np.round(y * 16) / 16).astype(np.float32)


n = 60
t = rng.integers(0, 2, (n, 1))
y = rounded(np.clip(0.3 * t + rng.random((n, 1)) * 0.7, 0, 1))
add("one_output", y=y, t=t, auc=roc_auc_score(t[:, 0], y[:, 0]), average_precision=average_precision_score(t[:, 0], y[:, 0]),
    f1_half=f1(y, t, 0.5))

t = rng.integers(0, 4, n)
z = rng.normal(size=(n, 4)) + 1.2 * np.eye(4)[t]
y = (np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)).astype(np.float32)
rows = np.eye(4)[t]
top = keras.metrics.SparseTopKCategoricalAccuracy(k=2)
top.update_state(t, y)
add("classes", y=y, t=t[:, None], auc=roc_auc_score(rows, y, average="macro"),
    average_precision=average_precision_score(rows, y, average="macro"), f1_score=f1(y, rows), top_2_accuracy=float(top.result()))

t = rng.integers(0, 2, (n, 3))
y = rounded(np.clip(0.4 * t + rng.random((n, 3)) * 0.6, 0, 1))
add("several_at_once", y=y, t=t, auc=roc_auc_score(t, y, average="macro"),
    average_precision=average_precision_score(t, y, average="macro"), f1_half=f1(y, t, 0.5))

y, t = rng.normal(size=(n, 2)).astype(np.float32), rng.normal(size=(n, 2)).astype(np.float32)
error = y.astype(float) - t.astype(float)
add("numbers", y=y, t=t, mean_absolute_error=np.abs(error).mean(), root_mean_squared_error=np.sqrt((error**2).mean()))

np.savez_compressed(here / "metrics.npz", **arrays)
print(len(arrays), "arrays,", (here / "metrics.npz").stat().st_size, "bytes")
