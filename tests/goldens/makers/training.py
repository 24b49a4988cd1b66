# SPDX-License-Identifier: MIT
"""Runs of training: steps, fit() and fine-tuning."""
import keras
import numpy as np
import tensorflow as tf
from keras import layers

from makers.arrays import floatx, measure, rng, save_npz
from makers.models import pictures, put_weights, random_weights, weight_names

CASES = {
    # name: (side, channels of conv1, of conv2, units, batch, steps, pool of samples, learning rate, seed)
    "cnn": {"n00": (16, 4, 8, 16, 8, 25, 40, 1e-3, 700)},
    # name: (samples, validation samples, batch, epochs, seed)
    "fit": {"f00": (20, 10, 8, 3, 800), "f01": (9, 5, 4, 2, 801)},
    # name: (side, steps frozen, steps fine-tuning, batch, seed)
    "finetune": {"t00": (16, 6, 6, 6, 900)},
}


def small_cnn(side, c1, c2, units):
    return keras.Sequential(
        [
            keras.Input((side, side, 3), name="input"),
            layers.Conv2D(c1, 3, activation="relu", name="conv1"),
            layers.MaxPooling2D(2, name="pool1"),
            layers.Conv2D(c2, 3, activation="relu", name="conv2"),
            layers.MaxPooling2D(2, name="pool2"),
            layers.Flatten(name="flatten"),
            layers.Dense(units, activation="relu", name="dense1"),
            layers.Dense(1, activation="sigmoid", name="dense2"),
        ],
        name="small_cnn",
    )


def make_cnn(cases, out):
    arrays = {}
    for name, (side, c1, c2, units, batch, steps, pool, lr, seed) in cases["cnn"].items():
        r = rng(seed)
        u8, x, y = pictures(r, pool, side)
        index = np.stack([r.permutation(pool)[:batch] for _ in range(steps)])
        arrays.update({f"{name}.x_uint8": u8, f"{name}.y": y, f"{name}.batches": index.astype(np.int64),
                       f"{name}.cfg": np.array([side, c1, c2, units, batch, steps], np.int64), f"{name}.lr": np.float64(lr)})
        init = random_weights(small_cnn(side, c1, c2, units), rng(seed + 1))
        final = {}
        for dt, suffix in (("float32", ""), ("float64", "_f64")):
            with floatx(dt):
                m = small_cnn(side, c1, c2, units)
                m.set_weights([w.astype(dt) for w in init])
                if dt == "float32":
                    put_weights(arrays, f"{name}.init", m)
                m.compile(keras.optimizers.RMSprop(lr), "binary_crossentropy", metrics=["accuracy"])
                xs = u8.astype(dt) / np.asarray(255, dt) if dt == "float64" else x
                probs0 = np.asarray(m(xs[index[0]]))
                with tf.GradientTape() as tape:
                    yp = m(xs[index[0]], training=True)
                    loss = m.compute_loss(x=None, y=tf.constant(y[index[0]][:, None].astype(dt)), y_pred=yp)
                grads = tape.gradient(loss, [v.value for v in m.trainable_variables])
                for n, g in zip(weight_names(m), grads):
                    arrays[f"{name}.grad0.{n.replace('/', '.')}{suffix}"] = np.asarray(g)
                losses, accs = [], []
                for s in range(steps):
                    logs = m.train_on_batch(xs[index[s]], y[index[s]][:, None].astype(dt), return_dict=True)
                    losses.append(float(logs["loss"]))
                    accs.append(float(logs["accuracy"]))
                    if s == 0:
                        put_weights(arrays, f"{name}.step1", m, suffix)
                arrays[f"{name}.prob0{suffix}"] = probs0
                arrays[f"{name}.losses{suffix}"] = np.array(losses, dt)
                arrays[f"{name}.accuracies{suffix}"] = np.array(accs, dt)
                put_weights(arrays, f"{name}.final", m, suffix)
                arrays[f"{name}.prob_final{suffix}"] = np.asarray(m(xs))
                final[dt] = (losses, m.get_weights(), grads, np.asarray(m(xs)))
        a, b = final["float32"], final["float64"]
        measure("cnn losses", a[0], b[0])
        for u, v in zip(a[1], b[1]):
            measure("cnn final weights", u, v)
        for u, v in zip(a[2], b[2]):
            measure("cnn first gradients", u, v)
        measure("cnn final probabilities", a[3], b[3])
    save_npz(out / "cnn.npz", arrays)


def make_fit(cases, out):
    """fit() itself: no shuffling, a last batch that is short, epoch means, validation."""
    arrays = {}
    for name, (n, nv, batch, epochs, seed) in cases["fit"].items():
        r = rng(seed)
        u8, x, y = pictures(r, n + nv, 12)
        init = None
        for dt, suffix in (("float32", ""), ("float64", "_f64")):
            with floatx(dt):
                m = keras.Sequential(
                    [keras.Input((12, 12, 3)), layers.Conv2D(4, 3, activation="relu", name="conv1"),
                     layers.MaxPooling2D(2, name="pool1"), layers.Flatten(name="flatten"),
                     layers.Dense(1, activation="sigmoid", name="dense1")], name="fit_cnn")
                init = init or random_weights(m, rng(seed + 1))
                m.set_weights([w.astype(dt) for w in init])
                if dt == "float32":
                    put_weights(arrays, f"{name}.init", m)
                m.compile(keras.optimizers.RMSprop(1e-3), "binary_crossentropy", metrics=["accuracy"])
                xs = u8.astype(dt) / np.asarray(255, dt) if dt == "float64" else x
                ys = y[:, None].astype(dt)
                h = m.fit(xs[:n], ys[:n], batch_size=batch, epochs=epochs, shuffle=False, verbose=0,
                          validation_data=(xs[n:], ys[n:])).history
                for k in ("loss", "accuracy", "val_loss", "val_accuracy"):
                    arrays[f"{name}.{k}{suffix}"] = np.array(h[k], dt)
                put_weights(arrays, f"{name}.final", m, suffix)
                # evaluate with sample weights: the loss of a batch is the mean of weight * loss over its rows,
                # and the batches are averaged by their number of rows; accuracy is divided by the sum of the weights.
                w = np.round(rng(seed + 2).uniform(0, 2, n), 3).astype(np.float32).astype(dt)
                # (plain "metrics" ignore sample weights: only weighted_metrics get them)
                m.compile(keras.optimizers.RMSprop(1e-3), "binary_crossentropy", metrics=["accuracy"],
                          weighted_metrics=[keras.metrics.BinaryAccuracy(name="weighted_accuracy")])
                e = m.evaluate(xs[:n], ys[:n], batch_size=batch, sample_weight=w, verbose=0, return_dict=True)
                arrays[f"{name}.weights_of_samples"] = w.astype(np.float32)
                for k in ("loss", "accuracy", "weighted_accuracy"):
                    arrays[f"{name}.evaluate_{k}{suffix}"] = np.asarray(e[k], dt)
        measure("fit", arrays[f"{name}.loss"], arrays[f"{name}.loss_f64"])
        measure("fit", arrays[f"{name}.val_loss"], arrays[f"{name}.val_loss_f64"])
        arrays.update({f"{name}.x_uint8": u8, f"{name}.y": y, f"{name}.cfg": np.array([n, nv, batch, epochs], np.int64)})
    save_npz(out / "fit.npz", arrays)


def make_finetune(cases, out):
    """A base with two blocks frozen under a new head, then its second block set free and compiled anew."""
    arrays = {}
    for name, (side, s1, s2, batch, seed) in cases["finetune"].items():
        r = rng(seed)
        u8, x, y = pictures(r, batch * (s1 + s2), side)
        init = None
        for dt, suffix in (("float32", ""), ("float64", "_f64")):
            with floatx(dt):
                i = keras.Input((side, side, 3), name="input")
                t = layers.Conv2D(4, 3, padding="same", activation="relu", name="block1_conv1")(i)
                t = layers.MaxPooling2D(2, name="block1_pool")(t)
                t = layers.Conv2D(6, 3, padding="same", activation="relu", name="block2_conv1")(t)
                t = layers.MaxPooling2D(2, name="block2_pool")(t)
                base = keras.Model(i, layers.Flatten(name="flatten")(t), name="base")
                m = keras.Sequential([keras.Input((side, side, 3)), base, layers.Dense(8, activation="relu", name="dense1"),
                                      layers.Dense(1, activation="sigmoid", name="dense2")], name="finetune")
                init = init or random_weights(m, rng(seed + 1), bias=0.05)
                m.set_weights([w.astype(dt) for w in init])
                if dt == "float32":
                    put_weights(arrays, f"{name}.init", m)
                xs = u8.astype(dt) / np.asarray(255, dt) if dt == "float64" else x
                ys = y[:, None].astype(dt)
                base.trainable = False
                m.compile(keras.optimizers.RMSprop(1e-3), "binary_crossentropy", metrics=["accuracy"])
                losses = [float(m.train_on_batch(xs[k * batch:(k + 1) * batch], ys[k * batch:(k + 1) * batch],
                                                 return_dict=True)["loss"]) for k in range(s1)]
                put_weights(arrays, f"{name}.frozen", m, suffix)
                base.trainable = True
                for layer in base.layers:
                    layer.trainable = layer.name.startswith("block2")
                m.compile(keras.optimizers.RMSprop(1e-4), "binary_crossentropy", metrics=["accuracy"])
                losses += [float(m.train_on_batch(xs[k * batch:(k + 1) * batch], ys[k * batch:(k + 1) * batch],
                                                  return_dict=True)["loss"]) for k in range(s1, s1 + s2)]
                put_weights(arrays, f"{name}.final", m, suffix)
                arrays[f"{name}.losses{suffix}"] = np.array(losses, dt)
        for k in list(arrays):
            if k.startswith(f"{name}.frozen.block"):
                np.testing.assert_array_equal(arrays[k], arrays[k.replace("frozen", "init").removesuffix("_f64")])
        measure("finetune", arrays[f"{name}.losses"], arrays[f"{name}.losses_f64"])
        arrays.update({f"{name}.x_uint8": u8, f"{name}.y": y, f"{name}.cfg": np.array([side, s1, s2, batch], np.int64)})
    save_npz(out / "finetune.npz", arrays)
