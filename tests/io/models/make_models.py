# SPDX-License-Identifier: MIT
# Makes nested.npz beside it: inputs x and what Keras predicts for them with the models beside it, which Keras wrote
# (k2_twins_deep.keras with tf_keras, the others as their attributes say); and twins.keras, twins.weights.h5, channels_first_conv.h5.
# python3 make_models.py FOLDER   (prints the version of Keras it ran with)
import io, pathlib, sys, zipfile
import h5py, keras, numpy as np
from keras import layers

out = pathlib.Path(sys.argv[1])
random = np.random.default_rng(5)
arrays = {}


def stack(*all):
    return keras.Sequential(list(all))


def functional(name, *all):
    x = first = keras.Input(all[0])
    for layer in all[1:]:
        x = layer(x)
    return keras.Model(first, x, name=name)


# The model inside k2_twins_deep.keras, built anew, with its weights.
def twin(name):
    return functional(name, (32, 32, 4), layers.Conv2D(4, 3, padding="same", activation="relu", name="conv"),
                      layers.Conv2D(4, 3, padding="same", name="conv_b"))


first, second = twin("first"), twin("second")
deep = stack(keras.Input((32, 32, 3)), layers.Conv2D(4, 1, name="lift"), first, second, layers.Flatten(),
             layers.Dense(1, name="head"))
with zipfile.ZipFile(out / "k2_twins_deep.keras") as archive:
    file = h5py.File(io.BytesIO(archive.read("model.weights.h5")))
nested = "layers/sequential/layers/functional"
places = ["layers/conv2d", *(f"{nested}{a}/layers/conv2d{b}" for a in ("", "_1") for b in ("", "_1")), "layers/dense"]
deep.set_weights([file[f"{place}/vars/{i}"][()] for place in places for i in (0, 1)])
x = random.uniform(-1, 1, (3, 32, 32, 3)).astype("float32")
arrays["deep_x"], arrays["deep_y"] = x, deep.predict(x, verbose=0)
suffix = keras.models.load_model(out / "t7_suffix.h5", compile=False)
arrays["suffix_x"], arrays["suffix_y"] = x, suffix.predict(x, verbose=0)

# Twins of twins: the same names at three depths, in all formats.
keras.utils.set_random_seed(3)


def part(name):
    return functional(name, (4, 4, 2), layers.Conv2D(2, 1, name="conv"))


twins = keras.Sequential([keras.Input((4, 4, 2)), layers.Conv2D(2, 1, name="conv"), part("a"),
                          keras.Sequential([keras.Input((4, 4, 2)), part("a"), part("b"),
                                            layers.Conv2D(2, 1, name="conv")], name="wrap"),
                          layers.Flatten(name="flat"), layers.Dense(2, name="head")], name="twins")
x = random.uniform(-1, 1, (2, 4, 4, 2)).astype("float32")
arrays["twins_x"], arrays["twins_y"] = x, twins.predict(x, verbose=0)
twins.save(out / "twins.keras")
twins.save_weights(out / "twins.weights.h5")

# Channels first without a Flatten: its kernels are ours.
cf = keras.Sequential([keras.Input((3, 6, 6)), layers.Conv2D(4, 3, data_format="channels_first", name="conv")])
cf.save(out / "channels_first_conv.h5")
arrays["cf_kernel"] = cf.layers[0].get_weights()[0]
# Channels first, and then flattened: a row, and a base inside a model.
cf = [layers.Conv2D(4, 3, data_format="channels_first", name="conv"), layers.Flatten(name="flat"),
      layers.Dense(1, name="head")]
keras.Sequential([keras.Input((3, 6, 6)), *cf]).save(out / "channels_first.keras")
cf_base = functional("base", (3, 6, 6), layers.Conv2D(4, 3, data_format="channels_first", name="conv"))
keras.Sequential([keras.Input((3, 6, 6)), cf_base, layers.Flatten(name="flat"),
                  layers.Dense(1, name="head")]).save(out / "channels_first_base.keras")
np.savez(out / "nested.npz", **arrays)
print(keras.__version__)
