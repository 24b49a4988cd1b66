# SPDX-License-Identifier: MIT
# Makes calibration.npz beside it: temperatures by SciPy, log-losses and Brier scores by scikit-learn, and the expected
# calibration error in numpy, in float64.
# python3 make_calibration.py FOLDER   (prints the versions it ran with)
import pathlib, sys
import numpy as np, scipy, sklearn
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax
from sklearn.metrics import brier_score_loss, log_loss

out = pathlib.Path(sys.argv[1])
random = np.random.default_rng(22)
arrays = {}


def error(confidence, right, bins=15):
    """Guo's expected calibration error: bins (b / bins, (b + 1) / bins]."""
    edges, total = np.linspace(0, 1, bins + 1), 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


def figures(z, labels, kind):
    """Negative log-likelihood, expected calibration error and Brier score of logits."""
    if kind == "classes":
        p = softmax(z, axis=1)
        classes = list(range(z.shape[1]))
        one_hot = np.eye(z.shape[1])[labels]
        brier = ((p - one_hot) ** 2).sum(1).mean() / (2 if z.shape[1] == 2 else 1)
        assert abs(brier - brier_score_loss(labels, p if z.shape[1] > 2 else p[:, 1], labels=classes)) < 1e-12
        return [log_loss(labels, p, labels=classes), error(p.max(1), p.argmax(1) == labels), brier]
    p, t = expit(z).ravel(), labels.ravel()
    return [log_loss(t, p), error(np.maximum(p, 1 - p), (p > 0.5) == (t == 1)), brier_score_loss(t, p)]


def likelihood(scale, z, labels, kind):
    if kind == "classes":
        return -log_softmax(z * scale, axis=1)[np.arange(len(labels)), labels].mean()
    return np.logaddexp(0, np.where(labels == 1, -1, 1) * z * scale).mean()


def case(name, z, labels, kind):
    z = z.astype("float32")
    best = minimize_scalar(lambda log: likelihood(np.exp(log), z.astype("float64"), labels, kind), bounds=(-8, 8),
                           method="bounded", options={"xatol": 1e-12})
    scale = np.exp(best.x)
    arrays[f"{name}.logits"], arrays[f"{name}.labels"] = z, labels.astype("float32").reshape(len(z), -1)
    arrays[f"{name}.temperature"] = np.array([1 / scale])
    arrays[f"{name}.before"] = np.array(figures(z.astype("float64"), labels, kind))
    arrays[f"{name}.after"] = np.array(figures(z.astype("float64") * scale, labels, kind))


def classes(n, k, sure, noise):
    """Logits that are `sure` times as large as they ought to be."""
    labels = random.integers(0, k, n)
    z = random.normal(0, noise, (n, k))
    z[np.arange(n), labels] += 2
    return sure * z, labels


case("ten_too_sure", *classes(400, 10, 3.0, 1.3), "classes")
case("three_not_sure_enough", *classes(150, 3, 0.2, 1.0), "classes")
case("two_of_softmax", *classes(90, 2, 5.0, 1.5), "classes")
t = random.integers(0, 2, 120)
case("one_output", (6 * (random.normal(0, 1, 120) + 1.2 * (2 * t - 1)))[:, None], t[:, None], "each")
t = random.integers(0, 2, (80, 4))
case("each_of_four", 4 * (random.normal(0, 1, (80, 4)) + 0.8 * (2 * t - 1)), t, "each")
np.savez(out / "calibration.npz", **arrays)
print(f"numpy {np.__version__}, scipy {scipy.__version__}, scikit-learn {sklearn.__version__}")
