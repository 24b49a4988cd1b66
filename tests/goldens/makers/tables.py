# SPDX-License-Identifier: MIT
"""Tables of models: summaries, layers of VGG16, limits of glorot_uniform."""
import math

import keras
import numpy as np
from keras import layers

CASES = {
    "tables": True,
}


def summary_keras2(rows, trainable, frozen):
    """The table of Keras 2.2.4: 65 wide, columns ending at 29, 55 and 65."""
    stops, lines = (29, 55, 65), ["_" * 65]

    def row(fields):
        line = ""
        for i, f in enumerate(fields):
            if i:
                line = line[:-1] + " "
            line = (line + str(f))[:stops[i]]
            line += " " * (stops[i] - len(line))
        lines.append(line)

    row(("Layer (type)", "Output Shape", "Param #"))
    lines.append("=" * 65)
    for i, (name, cls, shape, count) in enumerate(rows):
        row((f"{name} ({cls})", shape, count))
        lines.append(("=" if i == len(rows) - 1 else "_") * 65)
    lines += [f"Total params: {trainable + frozen:,}", f"Trainable params: {trainable:,}",
              f"Non-trainable params: {frozen:,}", "_" * 65]
    return "\n".join(lines) + "\n"


def seed_models():
    """The models of the walkthrough, with the layer names Keras 2 gives them in a fresh session."""
    C = lambda n, f, **k: layers.Conv2D(f, 3, activation="relu", name=f"conv2d_{n}", **k)
    P = lambda n: layers.MaxPooling2D(2, name=f"max_pooling2d_{n}")
    head = lambda a: [layers.Dense(512, activation="relu", name=f"dense_{a}"), layers.Dropout(0.3, name=f"dropout_{a}"),
                      layers.Dense(512, activation="relu", name=f"dense_{a + 1}"),
                      layers.Dropout(0.3, name=f"dropout_{a + 1}"),
                      layers.Dense(1, activation="sigmoid", name=f"dense_{a + 2}")]
    image = lambda: keras.Input((150, 150, 3), name="input_1")
    baseline = keras.Sequential([image(), C(1, 16), P(1), C(2, 64), P(2), C(3, 128), P(3), layers.Flatten(name="flatten_1"),
                                 layers.Dense(512, activation="relu", name="dense_1"),
                                 layers.Dense(1, activation="sigmoid", name="dense_2")], name="sequential_1")
    dropout = keras.Sequential([image(), C(1, 16), P(1), C(2, 64), P(2), C(3, 128), P(3), C(4, 128), P(4),
                                layers.Flatten(name="flatten_1")] + head(1), name="sequential_1")
    bottleneck = keras.Sequential([keras.Input((8192,), name="input_1")] + head(1), name="sequential_1")
    vgg = keras.applications.VGG16(weights=None, include_top=False, input_shape=(150, 150, 3))
    model = keras.Model(vgg.input, layers.Flatten(name="flatten_1")(vgg.output), name="model_1")
    transfer = keras.Sequential([image(), model] + head(1), name="sequential_1")
    return baseline, dropout, bottleneck, model, transfer


def make_tables(cases, out):
    (out / "tables").mkdir(exist_ok=True)
    td = out / "tables"
    baseline, dropout, bottleneck, vgg, transfer = seed_models()

    def count(ws):
        return int(sum(np.prod(w.shape) for w in ws))

    def rows(m):
        rs = []
        for l in m.layers:
            cls = {"Functional": "Model"}.get(l.__class__.__name__, l.__class__.__name__)
            name = l.name if not l.name.startswith("input_layer") else "input_1"
            shape = l.batch_shape if cls == "InputLayer" else l.output.shape
            rs.append((name, cls, tuple(shape), l.count_params()))
        return rs

    def write(name, m):
        (td / f"summary_{name}.keras2.txt").write_text(
            summary_keras2(rows(m), count(m.trainable_weights), count(m.non_trainable_weights)))
        s = []
        m.summary(print_fn=lambda t: s.append(t), line_length=80)
        text = "\n".join(s)
        (td / f"summary_{name}.keras3.txt").write_text(text if text.endswith("\n") else text + "\n")

    write("1_baseline", baseline)
    write("2_dropout", dropout)
    write("4_bottleneck_head", bottleneck)
    vgg.trainable = False
    for l in vgg.layers:
        l.trainable = False
    write("vgg16_flatten_frozen", vgg)
    write("5_transfer_frozen", transfer)
    vgg.trainable = True
    free = False
    for l in vgg.layers:
        free = free or l.name in ("block5_conv1", "block4_conv1")
        l.trainable = free
    write("6_transfer_finetune", transfer)
    lines = ["layer,type,output_shape,params,trainable_in_finetuning"]
    for (n, c, s, k), l in zip(rows(vgg), vgg.layers):
        lines.append(f"{n},{c},{'x'.join('N' if d is None else str(d) for d in s)},{k},{int(l.trainable)}")
    (td / "vgg16_layers_150.csv").write_text("\n".join(lines) + "\n")

    lines, lim = ["model,layer,kernel_shape,fan_in,fan_out,limit,limit_float32"], lambda a, b: math.sqrt(6.0 / (a + b))
    for label, m in (("baseline", baseline), ("dropout", dropout), ("bottleneck_head", bottleneck), ("vgg16", vgg)):
        for l in m.layers:
            if hasattr(l, "kernel"):
                sh = tuple(l.kernel.shape)
                rf = int(np.prod(sh[:-2])) if len(sh) > 2 else 1
                fi, fo = rf * sh[-2], rf * sh[-1]
                top = float(np.abs(np.asarray(l.kernel)).max())
                assert top <= np.float32(lim(fi, fo)) and (np.prod(sh) < 1000 or top > 0.98 * lim(fi, fo))
                assert not np.asarray(l.bias).any()
                lines.append(f"{label},{l.name},{'x'.join(map(str, sh))},{fi},{fo},{lim(fi, fo):.17g},"
                             f"{np.float32(lim(fi, fo)):.9g}")
    (td / "glorot_limits.csv").write_text("\n".join(lines) + "\n")
