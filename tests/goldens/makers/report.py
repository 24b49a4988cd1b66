# SPDX-License-Identifier: MIT
"""Figures of a classifier, by scikit-learn."""
import keras
import numpy as np
from sklearn import metrics as skm

from makers.arrays import rng, save_npz, sigmoid64

CASES = {
    # name: (number of scores, seed, kind)
    "report": {"r00": (40, 1500, "mixed"), "r01": (12, 1501, "no positive prediction")},
}


def make_report(cases, out):
    (out / "tables").mkdir(exist_ok=True)
    arrays = {}
    for name, (n, seed, kind) in cases["report"].items():
        r = rng(seed)
        y = r.randint(0, 2, n)
        s = sigmoid64(r.normal(0, 1.2, n) + np.where(y == 1, 0.9, -0.9)).astype(np.float32)
        if kind == "no positive prediction":
            s = (s * np.float32(0.49)).astype(np.float32)
        else:
            s[[3, 17]] = 0.5
            s[5] = np.nextafter(np.float32(0.5), np.float32(1))
        p = (s > 0.5).astype(np.int64)
        cm = skm.confusion_matrix(y, p, labels=[0, 1])
        per = skm.precision_recall_fscore_support(y, p, labels=[0, 1], zero_division=0)
        weighted = [skm.accuracy_score(y, p)] + [f(y, p, average="weighted", zero_division=0) for f in
                                                  (skm.precision_score, skm.recall_score, skm.f1_score)]
        macro = [f(y, p, average="macro", zero_division=0) for f in (skm.precision_score, skm.recall_score, skm.f1_score)]
        arrays.update({f"{name}.scores": s, f"{name}.labels": y.astype(np.int64), f"{name}.predicted": p,
                       f"{name}.confusion": cm.astype(np.int64), f"{name}.weighted": np.array(weighted),
                       f"{name}.macro": np.array(macro), f"{name}.per_class": np.array(per[:3]),
                       f"{name}.support": np.array(per[3], np.int64),
                       f"{name}.keras_accuracy": np.asarray(keras.metrics.binary_accuracy(y[:, None], s[:, None])).mean()})
        text = skm.classification_report(y, p, labels=[0, 1], target_names=["cat", "dog"], zero_division=0)
        (out / "tables" / f"report_{name}.txt").write_text(text)
    save_npz(out / "report.npz", arrays)
