# SPDX-License-Identifier: MIT
"""Makes the goldens of models that are graphs: python3 tests/goldens/make_graphs.py

Needs TensorFlow's Keras 3, tf-keras (Keras 2), NumPy and h5py. Each model gets random weights, moving averages that are no
longer 0 and 1, and writes weights/graph_<name>.keras and .h5 (Keras 3), some of them also weights/graph_<name>_keras2.keras and
_keras2.h5 (Keras 2), and x and y to weights/graphs.npz; tables/graph_*.keras3.txt are what Keras 3 prints of models, .keras2.txt what the printing code
of Keras 2.2.4 (utils/layer_utils.py), written down here, makes of them.
"""

import io
import os
import pathlib
import warnings
import zipfile

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras
import numpy as np
import tf_keras
from keras.src.applications import resnet

warnings.filterwarnings("ignore")
here = pathlib.Path(__file__).parent
arrays = {}


def bn(k, **more):
    return k.layers.BatchNormalization(**more)


def residual(k):
    layers = k.layers
    x = image = k.Input((12, 10, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(x)
    x = bn(k)(layers.Conv2D(4, 3, padding="same", use_bias=False)(x))
    x = layers.ReLU(6.0)(x)
    for stride in (1, 2):
        y = layers.Conv2D(6, 3, strides=stride, padding="same")(x)
        y = bn(k, momentum=0.9, epsilon=1e-5, scale=False)(y)
        y = layers.Activation("relu")(y)
        y = bn(k, center=False)(layers.Conv2D(6, 1)(y))
        x = layers.Conv2D(6, 1, strides=stride, name=f"shortcut_{stride}")(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.3)(x)
    return k.Model(image, layers.Dense(3, activation="softmax")(x), name="residual")


def concatenation(k):
    layers = k.layers
    image = k.Input((8, 8, 3))
    a = layers.Conv2D(3, 1, activation="relu")(image)
    b = layers.AveragePooling2D(3, strides=1, padding="same")(image)
    c = layers.Conv2D(2, 3, padding="same", activation="tanh")(a)
    x = layers.Concatenate()([a, b, c, a])
    y = layers.Concatenate(axis=1, name="rows")([x, x])
    y = layers.MaxPooling2D((2, 1))(y)
    x = layers.Add()([x, y, x])
    return k.Model(image, layers.Dense(2)(layers.Flatten()(x)), name="concatenation")


def squeeze(k):
    layers = k.layers
    image = k.Input((8, 6, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="silu" if k is keras else "swish")(image)
    y = layers.GlobalAveragePooling2D(keepdims=True)(x)
    y = layers.Conv2D(2, 1, activation="relu")(y)
    y = layers.Conv2D(4, 1)(y)
    y = layers.ReLU(6.0)(y + 3.0) * (1.0 / 6.0)
    x = layers.Multiply()([x, y])
    x = layers.Flatten()(x)
    return k.Model(image, layers.Dense(2, activation="softmax")(x), name="squeeze")


def small_base(k):
    layers = k.layers
    image = k.Input((None, None, 3), name="any_size")
    x = bn(k, name="bn_in")(layers.Conv2D(4, 3, name="stem")(image))
    inner = k.Sequential([k.Input((None, None, 4)), layers.Conv2D(4, 1, name="inner_conv"),
                          bn(k, name="bn_in" if k is keras else "inner_bn")], name="inner")  # Keras 2's .h5 has one of a name
    x = layers.Add(name="sum")([x, inner(x)])
    return k.Model(image, layers.ReLU(name="out")(x), name="base")


def transfer(k):
    """A base in inference behind augmentation, as Keras's guide to transfer learning has it."""
    layers = k.layers
    image = k.Input((10, 10, 3))
    augmentation = k.Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)], name="augmentation")
    x = augmentation(image)
    x = layers.RandomZoom(0.2)(x)
    x = layers.Rescaling(1 / 127.5, offset=-1)(x)
    base = small_base(k)
    base.trainable = False
    x = base(x, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    return k.Model(image, layers.Dense(1, activation="sigmoid")(x), name="transfer")


def sequential(k):
    """A Sequential with augmentation in front, around a base that branches."""
    layers = k.layers
    return k.Sequential([k.Input((10, 10, 3)), layers.RandomContrast(0.2), layers.RandomTranslation(0.1, 0.1),
                         layers.Rescaling(1 / 255), small_base(k), layers.GlobalAveragePooling2D(), layers.BatchNormalization(),
                         layers.ReLU(), layers.Dense(2)], name="around")


def cut(model, layer, name):
    """The model up to a layer, with a head: the rest of the net has no other kinds of layers."""
    x = keras.layers.GlobalAveragePooling2D()(model.get_layer(layer).output)
    return keras.Model(model.input, keras.layers.Dense(3, activation="softmax")(x), name=name)


def mobilenet_v2(k):
    net = k.applications.MobileNetV2(input_shape=(32, 32, 3), alpha=0.1, include_top=False, weights=None)
    return cut(net, "block_2_add", "mobilenet_v2")


def mobilenet_v3(k):
    net = k.applications.MobileNetV3Small(input_shape=(32, 32, 3), alpha=0.1, include_top=False, weights=None)
    return cut(net, "expanded_conv_2_add", "mobilenet_v3")


def efficientnet(k):
    net = k.applications.EfficientNetB0(input_shape=(32, 32, 3), include_top=False, weights=None)
    return cut(net, "block2b_add", "efficientnet")


def resnet50(k):
    def stacks(x):
        x = resnet.stack_residual_blocks_v1(x, 4, 2, stride1=1, name="conv2")
        return resnet.stack_residual_blocks_v1(x, 6, 2, name="conv3")
    net = resnet.ResNet(stacks, False, True, name="resnet", include_top=False, weights=None, input_shape=(32, 32, 3))
    return cut(net, "conv3_block1_out", "resnet")


def beside(k):
    """A base beside a branch, for the tables."""
    layers = k.layers
    image = k.Input((10, 10, 3))
    base = small_base(k)
    base.trainable = False
    x = layers.Add()([base(image), layers.Conv2D(4, 3, name="a_convolution_with_a_very_long_name")(image)])
    x = layers.Multiply()([x, x])
    return k.Model(image, layers.Dense(1200, name="head")(layers.Flatten()(x)), name="beside")


def keras2_table(model):
    """The 98 columns of Keras 2.2.4, for a model that is no row."""
    positions = [int(98 * p) for p in (0.33, 0.55, 0.67, 1.0)]
    lines = []

    def row(fields):
        line = ""
        for i, field in enumerate(fields):
            if i > 0:
                line = line[:-1] + " "
            line = (line + str(field))[:positions[i]]
            line += " " * (positions[i] - len(line))
        lines.append(line)

    lines.append("_" * 98)
    row(["Layer (type)", "Output Shape", "Param #", "Connected to"])
    lines.append("=" * 98)
    for n, layer in enumerate(model.layers):
        from_layers = [t._keras_history.operation.name + "[0][0]" for t in layer._inbound_nodes[-1].input_tensors]
        kind = {"Functional": "Model"}.get(layer.__class__.__name__, layer.__class__.__name__)
        row([f"{layer.name} ({kind})", tuple(layer._inbound_nodes[-1].output_tensors[0].shape), layer.count_params(), from_layers[0] if from_layers else ""])
        for other in from_layers[1:]:
            row(["", "", "", other])
        lines.append(("=" if n + 1 == len(model.layers) else "_") * 98)
    count = lambda weights: sum(int(np.prod(w.shape)) for w in weights)
    lines += [f"Total params: {model.count_params():,}", f"Trainable params: {count(model.trainable_weights):,}",
              f"Non-trainable params: {count(model.non_trainable_weights):,}", "_" * 98]
    return "\n".join(lines) + "\n"


def tables(model):
    with open(here / "tables" / f"graph_{model.name}.keras3.txt", "w") as table:
        model.summary(line_length=80, print_fn=lambda text: table.write(text))
    (here / "tables" / f"graph_{model.name}.keras2.txt").write_text(keras2_table(model))


def randomize(model, rng):
    for w in model.weights:
        name = w.path if hasattr(w, "path") else w.name
        if "seed_generator" in name:
            continue
        value = np.array(w.numpy() if hasattr(w, "numpy") else w)
        if value.dtype != np.float32:
            continue
        if "variance" in name:
            value = rng.uniform(0.5, 2, value.shape)
        elif "gamma" in name:
            value = rng.uniform(0.5, 1.5, value.shape)
        elif "kernel" in name:
            fan = max(int(np.prod(value.shape[:-1])), 1)
            value = rng.normal(0, (1.5 / fan) ** 0.5, value.shape)
        else:
            value = rng.normal(0, 0.2, value.shape)
        w.assign(value.astype(np.float32))


def without_dates(path):
    """The same archive without the dates of the run."""
    to = io.BytesIO()
    with zipfile.ZipFile(path) as stored, zipfile.ZipFile(to, "w") as z:
        for name in stored.namelist():
            if name.endswith("metadata.json"):
                continue
            z.writestr(zipfile.ZipInfo(name), stored.read(name))
        z.writestr(zipfile.ZipInfo("metadata.json"), '{"keras_version": "%s"}' % (
            tf_keras.__version__ if "keras2" in path.name else keras.__version__))
    path.write_bytes(to.getvalue())


def save(build, name, k=keras):
    k.backend.clear_session()
    k.utils.set_random_seed(7)
    model = build(k)
    rng = np.random.default_rng(11)
    randomize(model, rng)
    x = rng.uniform(0, 255, (3,) + tuple(model.input_shape[1:])).astype(np.float32)
    if name in ("concatenation", "squeeze", "squeeze_keras2", "concatenation_keras2", "resnet", "mobilenet_v2"):
        x = x / 255
    path = here / "weights" / f"graph_{name}"
    model.save(f"{path}.keras")
    without_dates(path.with_suffix(".keras"))
    model.save(f"{path}.h5")
    arrays[f"{name}.x"] = x
    # Of the file, since a Normalization takes its weights over when it is loaded.
    arrays[f"{name}.y"] = np.asarray(k.models.load_model(f"{path}.keras")(x, training=False))
    return model


def main():
    for build in (residual, concatenation, squeeze, transfer, sequential, mobilenet_v2, mobilenet_v3, efficientnet, resnet50):
        name = {"resnet50": "resnet"}.get(build.__name__, build.__name__)
        model = save(build, name)
        if name == "residual":
            tables(model)
    keras.backend.clear_session()
    tables(beside(keras))
    for build in (residual, concatenation, squeeze, transfer, sequential):
        save(build, build.__name__ + "_keras2", tf_keras)
    np.savez(here / "weights" / "graphs.npz", **arrays)


main()
