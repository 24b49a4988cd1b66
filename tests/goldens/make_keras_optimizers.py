# SPDX-License-Identifier: MIT
"""Makes keras_optimizers/*.keras and keras_optimizers.npz: models that Keras has trained, and how it trains on.

    make_keras_optimizers.py [FOLDER]

A model of two branches whose layers have the same shapes, with a frozen layer and a model inside, behind three steps of each
optimizer; in the .npz the losses of four more steps on the same samples. Those named no_* are what is not taken over.
Keras 3.15 with TensorFlow.
"""
import os
import sys
from pathlib import Path

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import keras
import numpy as np
from keras import layers
from keras import optimizers as O

out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
(out / "keras_optimizers").mkdir(exist_ok=True)


def network():
    keras.utils.set_random_seed(3)
    inner = keras.Sequential([keras.Input((5, 5, 4)), layers.Conv2D(4, 3, padding="same", name="conv"), layers.BatchNormalization(name="bn")],
                             name="inner")
    x = keras.Input((5, 5, 2))
    y = layers.Conv2D(4, 1, trainable=False, name="frozen")(x)
    left = layers.Conv2D(4, 3, padding="same", activation="tanh", name="left")(y)
    right = layers.Conv2D(4, 3, padding="same", name="right")(y)
    y = layers.Add(name="sum")([inner(left), layers.Activation("tanh", name="bent")(right)])
    y = layers.Dense(1, activation="sigmoid", name="head")(layers.Flatten(name="flat")(y))
    return keras.Model(x, y, name="branches")


# Numbers that any compiler gives the same bits.
pictures = (((np.arange(6 * 50) * 29 + 7) % 61 - 30) / 32).reshape(6, 5, 5, 2).astype("float32")
labels = (np.arange(6) % 2).reshape(6, 1).astype("float32")

trained = {
    "sgd": O.SGD(0.05),
    "momentum": O.SGD(0.05, momentum=0.875, nesterov=True),
    "rmsprop": O.RMSprop(1 / 512),
    "rmsprop_centered": O.RMSprop(1 / 512, momentum=0.875, centered=True),
    "adam": O.Adam(1 / 64),
    "amsgrad": O.Adam(1 / 64, amsgrad=True),
    "adamw": O.AdamW(1 / 64, weight_decay=0.125),
    "no_steps": O.Adam(1 / 64),
    "no_ema": O.Adam(1 / 64, use_ema=True),
    "no_accumulation": O.SGD(0.05, momentum=0.5, gradient_accumulation_steps=2),
    "no_schedule": O.SGD(O.schedules.CosineDecay(0.05, 100), momentum=0.5),
    "no_such": O.Nadam(1 / 64),
    "no_compile": None,
}
arrays = {}
for name, optimizer in trained.items():
    model = network()
    if optimizer is not None:
        model.compile(optimizer=optimizer, loss="binary_crossentropy")
        for _ in range(0 if name == "no_steps" else 3):
            model.train_on_batch(pictures, labels)
    model.save(out / "keras_optimizers" / (name + ".keras"))
    if name.startswith("no_") and name != "no_steps":
        continue
    model = keras.models.load_model(out / "keras_optimizers" / (name + ".keras"))  # as whoever goes on with it
    arrays[name + ".losses"] = np.array([float(model.train_on_batch(pictures, labels)) for _ in range(4)])
    print(name, len(model.optimizer.variables), arrays[name + ".losses"])
np.savez(out / "keras_optimizers.npz", **arrays)
