# SPDX-License-Identifier: MIT
"""Makes l2.keras and l2.npz with Keras, whose L2 penalties they show: make_l2.py [FOLDER]

l2.keras: the model before its training, in float64, with penalties in every place that takes one. l2.npz: samples x, labels t,
history loss and val_loss of three epochs of SGD (batches of 4 in order), and the predictions for x behind them.
"""
import os
import sys
from pathlib import Path

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from keras import layers, regularizers

out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
keras.config.set_floatx("float64")
keras.utils.set_random_seed(5)

model = keras.Sequential([
    keras.Input((8, 8, 2)),
    layers.Conv2D(4, 3, activation="relu", kernel_regularizer=regularizers.L2(0.02), bias_regularizer=regularizers.L2(0.5),
                  bias_initializer="random_normal"),
    layers.BatchNormalization(gamma_regularizer=regularizers.L2(0.03), beta_regularizer=regularizers.L2(0.04)),
    layers.DepthwiseConv2D(3, depthwise_regularizer=regularizers.L1L2(0.0, 0.05)),
    layers.SeparableConv2D(5, 3, depthwise_regularizer=regularizers.L2(0.06), pointwise_regularizer=regularizers.L2(0.07)),
    layers.Conv2D(3, 1, activation="relu", kernel_regularizer=regularizers.L2(0.9), trainable=False, name="frozen"),
    layers.Flatten(),
    layers.Dense(6, activation="relu", kernel_regularizer="l2"),
    layers.Dense(1, activation="sigmoid"),
], name="penalties")

r = np.random.default_rng(6)
x = r.standard_normal((12, 8, 8, 2))
t = (x.mean(axis=(1, 2, 3)) > 0).astype("float64")[:, None]
model.save(out / "l2.keras")
model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.05, momentum=0.5), loss="binary_crossentropy")
history = model.fit(x, t, batch_size=4, epochs=3, shuffle=False, validation_data=(x, t), verbose=0).history
np.savez(out / "l2.npz", x=x, t=t, loss=np.array(history["loss"]), val_loss=np.array(history["val_loss"]),
         y=model.predict(x, verbose=0))
print(history)
