# SPDX-License-Identifier: MIT
"""Weights of any size from a formula, which tests/support/made_weights.hpp has as well: no file needs to hold them."""
import zlib

import numpy as np


def uniform(name, shape, low, high):
    """float32 numbers in low..high: element i by i and the checksum of the name."""
    h = np.arange(int(np.prod(shape)), dtype=np.uint32) * np.uint32(2654435761) + np.uint32(zlib.crc32(name.encode()))
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    h = h ^ (h >> np.uint32(16))
    return (low + (high - low) * (h / 2.0**32)).astype(np.float32).reshape(shape)


def weights(name, shape, gamma):
    """Of a tensor named as in the file: "conv1/kernel" (Keras) or "conv1.weight" (PyTorch).

    gamma: that of normalizations is 0.7 to 1.3 times this, so that nothing fades or grows over the layers.
    """
    if len(shape) > 1:
        fan = np.prod(shape[1:]) if name.endswith(".weight") else np.prod(shape[:-1]) if shape[-1] > 1 else np.prod(shape[:2])
        limit = float(np.sqrt(6.0 / float(fan)))
        return uniform(name, shape, -limit, limit)
    if name.endswith(("moving_variance", "running_var")):
        return uniform(name, shape, 0.5, 1.5)
    return uniform(name, shape, 0.7 * gamma, 1.3 * gamma) if name.endswith(("gamma", ".weight")) else uniform(name, shape, -0.3, 0.3)
