# SPDX-License-Identifier: MIT
"""Makes the files that the fuzz targets start from: python3 tests/fuzz/make_corpus.py

Needs TensorFlow's Keras, NumPy, h5py and onnx. Files named found_* are not made here: each broke a target once.
"""

import hashlib
import io
import json
import pathlib
import shutil
import struct
import zipfile

import h5py
import keras
import numpy as np
import onnx
from keras import layers

here = pathlib.Path(__file__).parent
corpus = here / "corpus"


def put(target, name, data):
    (corpus / target).mkdir(parents=True, exist_ok=True)
    (corpus / target / name).write_bytes(data)


def pictures():
    for folder in (here.parent / "image" / "pictures", here.parent / "goldens" / "images"):
        for path in sorted(folder.iterdir()):
            if path.suffix in (".jpg", ".png", ".bmp", ".gif", ".webp") and ".rgb" not in path.name and path.stat().st_size < 3000:
                put("picture", path.name, path.read_bytes())
            if path.suffix == ".jpg" and path.stat().st_size < 4000 and (path.name.startswith("turbo_") or path.stat().st_size < 3000):
                put("turbojpeg", path.name, path.read_bytes())


def arrays():
    a = np.arange(6, dtype=np.float32).reshape(2, 3)
    all_types = {"f": a, "d": a.astype(np.float64), "u": a.astype(np.uint8), "i": a.astype(np.int32),
                 "l": a.astype(np.int64), "none": a[:0], "one": np.float32(3)}
    for name, save in (("stored.npz", np.savez), ("deflated.npz", np.savez_compressed)):
        to = io.BytesIO()
        save(to, **all_types)
        put("npz", name, to.getvalue())
    for name, array in (("floats.npy", a), ("columns.npy", np.asfortranarray(a))):
        to = io.BytesIO()
        np.save(to, array)
        put("npz", name, to.getvalue())
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as z:
        header = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118)
        header += b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000,), }".ljust(117) + b"\n"
        z.writestr("bomb.npy", header + bytes(4000000))
    put("npz", "zeros.npz", bomb.getvalue())


def safetensors(header, data):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def saved_models():
    header, at = {}, 0
    for dtype, size in (("F64", 8), ("F32", 4), ("F16", 2), ("BF16", 2), ("I64", 8), ("U8", 1)):
        header[dtype] = {"dtype": dtype, "shape": [2, 3], "data_offsets": [at, at + 6 * size]}
        at += 6 * size
    put("safetensors", "types.safetensors", safetensors({"__metadata__": {"by": "x"}, **header}, bytes(at)))
    put("safetensors", "empty.safetensors", safetensors({}, b""))

    specs = [("c/kernel", [2, 2, 1, 2]), ("c/bias", [2]), ("d/kernel", [8, 3]), ("d/bias", [3])]
    header, at = {}, 0
    for name, shape in specs:
        size = 4 * int(np.prod(shape))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    row = [("Conv2D", "c", {"filters": 2, "kernel_size": [2, 2], "strides": [1, 1], "padding": "same",
                            "activation": "relu", "use_bias": True}),
           ("MaxPooling2D", "p", {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}),
           ("Flatten", "f", {}), ("Dropout", "o", {"rate": 0.5}),
           ("Dense", "d", {"units": 3, "activation": "linear", "use_bias": True}),
           ("Activation", "a", {"activation": "softmax"})]
    model = {"version": 1, "name": "m", "input_shape": [4, 4, 1], "class_names": ["a", "b", "c"],
             "preprocessing": "unit_rgb",
             "layers": [{"type": t, "name": n, "trainable": True, "config": c} for t, n, c in row],
             "groups": [{"name": "g", "begin": 0, "end": 2}]}
    put("saved_model", "layers.safetensors",
        safetensors({"__metadata__": {"brindle": json.dumps(model)}, **header}, bytes(at)))
    saved_graph()
    saved_certainty()


def saved_certainty():
    """A temperature, thresholds and the features of training pictures."""
    header = {"d/kernel": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
              "familiarity/features": {"dtype": "F32", "shape": [3, 2], "data_offsets": [16, 40]}}
    model = {"version": 4, "name": "m", "input_shape": [2], "class_names": ["a", "b"], "input": None,
             "temperature": 1.5, "card": "# m\n", "answers": {"samples": 9, "rows": [[0.0, 9, 7], [0.75, 5, 5]]},
             "layers": [{"type": "Dense", "name": "d", "trainable": True,
                         "config": {"units": 2, "activation": "softmax", "use_bias": False}}],
             "groups": [], "familiarity": {"threshold": 0.25, "refused": 0.05}}
    put("saved_model", "certainty.safetensors",
        safetensors({"__metadata__": {"brindle": json.dumps(model)}, **header},
                    np.array([1, 2, 3, 4, 0, 1, 1, 0, 0.6, 0.8], dtype=np.float32).tobytes()))


def run_manifests():
    """What train writes beside a model for verify."""
    sha = "0" * 63
    files = [{"path": "cat/1.jpg", "bytes": 3, "sha256": sha + "1"}, {"path": "dog/2.jpg", "bytes": 4, "sha256": sha + "2"}]
    lines = "".join(f"{f['sha256']}  {f['path']}\n" for f in files)
    run = {"brindle_run": 1, "program": "train", "arguments": ["--data", "pets"], "folder": "/", "version": "0.1.0",
           "compiler": "g++ 12", "instruction_set": "x86-64-v3",
           "folders": [{"name": "data", "folder": "pets", "classes": ["cat", "dog"], "sha256": hashlib.sha256(lines.encode()).hexdigest(),
                        "files": files}],
           "files": [{"name": "weights", "path": "w", "bytes": 1, "sha256": sha + "3"}],
           "stages": [{"name": "Head", "figures": [{"name": "loss", "values": [0.5, None, 1e-300]}]}],
           "weights": [{"layer": "dense", "parameter": "kernel", "sha256": sha + "4"}]}
    put("run_manifest", "run.json", json.dumps(run).encode())
    put("run_manifest", "empty.json", json.dumps({**run, "folders": [], "files": [], "stages": [], "weights": []}).encode())
    put("run_manifest", "later.json", b'{"brindle_run": 2}')


def saved_graph():
    header, at = {}, 0
    for name, shape in [("c/kernel", [1, 1, 2, 2]), ("b/gamma", [2]), ("b/beta", [2]), ("b/moving_mean", [2]),
                        ("b/moving_variance", [2]), ("d/kernel", [4, 2])]:
        size = 4 * int(np.prod(shape))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    plain = {"activation": "linear", "use_bias": False}
    graph = [("Conv2D", "c", {"filters": 2, "kernel_size": [1, 1], "strides": [1, 1], "padding": "valid", **plain}, {}),
             ("BatchNormalization", "b", {}, {"inference": True}),
             ("Add", "a", {}, {"inputs": [None, "b"]}), ("Concatenate", "j", {"axis": -1}, {"inputs": ["a", "c"]}),
             ("Multiply", "m", {}, {"inputs": ["j", "j"]}), ("GlobalAveragePooling2D", "g", {}, {}),
             ("Dense", "d", {"units": 2, **plain}, {})]
    model = {"version": 3, "name": "m", "input_shape": [2, 2, 2], "class_names": [], "input": None,
             "layers": [{"type": t, "name": n, "trainable": True, "config": c, **more} for t, n, c, more in graph],
             "groups": [{"name": "g", "begin": 0, "end": 2, "inference": True}]}
    put("saved_model", "graph.safetensors",
        safetensors({"__metadata__": {"brindle": json.dumps(model)}, **header}, bytes(at)))


def keras_models():
    chain = keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(2, 2, padding="same", activation="relu"),
                              layers.MaxPooling2D(), layers.Flatten(), layers.Dropout(0.5),
                              layers.Dense(1, activation="sigmoid")], name="chain")
    base = keras.Sequential([keras.Input((2,)), layers.Dense(1)], name="base")
    x = keras.Input((2,))
    nested = keras.Model(x, base(x), name="nested")
    work = here / "work"
    work.mkdir(exist_ok=True)
    for model in (chain, nested):
        model.save(work / "m.keras")
        model.save(work / "m.h5")
        model.save_weights(work / "m.weights.h5")
        with zipfile.ZipFile(work / "m.keras") as stored:
            for name in stored.namelist():
                if name == "config.json":
                    put("keras_config", model.name + ".json", stored.read(name))
            deflated = io.BytesIO()
            with zipfile.ZipFile(deflated, "w", zipfile.ZIP_DEFLATED) as z:
                for name in stored.namelist():
                    z.writestr(zipfile.ZipInfo(name), stored.read(name), zipfile.ZIP_DEFLATED)
        put("keras", model.name + ".keras", (work / "m.keras").read_bytes())
        put("keras", model.name + "_deflated.keras", deflated.getvalue())
        put("keras", model.name + ".h5", (work / "m.h5").read_bytes())
        put("hdf5", model.name + ".h5", (work / "m.h5").read_bytes())
        put("hdf5", model.name + ".weights.h5", (work / "m.weights.h5").read_bytes())
    shutil.rmtree(work)
    config = {"class_name": "Model", "config": {
        "name": "old", "input_layers": [["i", 0, 0]], "output_layers": [["d", 0, 0]], "layers": [
            {"class_name": "InputLayer", "name": "i", "config": {"name": "i", "batch_input_shape": [None, 2]},
             "inbound_nodes": []},
            {"class_name": "Dense", "name": "d", "config": {"name": "d", "units": 1, "activation": "relu"},
             "inbound_nodes": [[["i", 0, 0, {}]]]}]}}
    put("keras_config", "keras2.json", json.dumps(config).encode())
    graphs(work)


def graphs(work):
    """A graph by Keras 3 with arithmetic, a base for inference and augmentation; one by Keras 2 with functions."""
    inner = keras.Input((2,), name="i")
    base = keras.Model(inner, layers.Add(name="s")([inner, layers.Dense(2, name="d")(inner)]), name="base")
    x = keras.Input((2,), name="x")
    y = layers.BatchNormalization(name="b")(base(layers.GaussianNoise(0.1, name="n")(x / 2 - 1), training=False))
    model = keras.Model(x, layers.Concatenate(name="j")([y, x * y, 1.0 - y]), name="graph")
    work.mkdir(exist_ok=True)
    model.save(work / "m.keras")
    model.save(work / "m.h5")
    with zipfile.ZipFile(work / "m.keras") as stored:
        put("keras_config", "graph.json", stored.read("config.json"))
    put("keras", "graph.keras", (work / "m.keras").read_bytes())
    put("keras", "graph.h5", (work / "m.h5").read_bytes())
    shutil.rmtree(work)
    layer = lambda kind, name, nodes, **config: {"class_name": kind, "name": name, "config": {"name": name, **config},
                                                 "inbound_nodes": nodes}
    config = {"class_name": "Functional", "config": {
        "name": "g", "input_layers": [["i", 0, 0]], "output_layers": [["m", 0, 0]], "layers": [
            layer("InputLayer", "i", [], batch_input_shape=[None, 2]),
            layer("Multiply", "m", [[["a", 0, 0, {}], ["o", 0, 0, {}]]]),
            layer("TFOpLambda", "a", [[["i", 0, 0, {"y": 3.0, "name": None}]]], function="__operators__.add"),
            layer("TFOpLambda", "o", [[["_CONSTANT_VALUE", -1, 1.0, {"y": ["a", 0, 0]}]]], function="math.subtract")]}}
    put("keras_config", "keras2_graph.json", json.dumps(config).encode())


def chunks():
    counted = np.arange(60, dtype="float32").reshape(5, 4, 3)
    for name, ways in (("chunks.h5", [{"chunks": (2, 3, 2)}, {"chunks": (1, 1, 1), "fletcher32": True}]),
                       ("filters.h5", [{"chunks": (5, 4, 3), "compression": "gzip"},
                                       {"chunks": (2, 4, 2), "compression": "gzip", "shuffle": True, "fletcher32": True}])):
        to = io.BytesIO()
        with h5py.File(to, "w", libver="earliest") as file:
            for i, how in enumerate(ways):
                file.create_dataset(str(i), data=counted, **how)
        put("hdf5", name, to.getvalue())


def torch_files():
    """Small files of goldens/make_torch_files.py, and the pickles of all."""
    for path in sorted((here.parent / "goldens" / "weights").glob("torch_*.pt")):
        if path.stat().st_size < 3000 or path.stem in ("torch_half", "torch_views"):
            put("torch", path.name, path.read_bytes())
        if not zipfile.is_zipfile(path):
            continue
        with zipfile.ZipFile(path) as stored:
            for name in stored.namelist():
                if name.endswith("/data.pkl") and stored.getinfo(name).CRC != 0:
                    put("torch_pickle", path.stem + ".pkl", stored.read(name))


pictures()
arrays()
chunks()
torch_files()
saved_models()
run_manifests()
keras_models()


def onnx_files():
    """Copies of models that others made: operators' tests and a small network with weights."""
    for folder in sorted((here.parent / "goldens" / "onnx" / "nodes").iterdir()):
        put("onnx", folder.name.removeprefix("test_") + ".onnx", (folder / "model.onnx").read_bytes())
    put("onnx", "network.onnx", (here.parent / "goldens" / "onnx" / "vgg_torchscript.onnx").read_bytes())
    written = np.load(here.parent / "goldens" / "onnx_written.npz")
    for name in ("channels_last", "graph_as_it_is", "functions"):
        put("onnx", name + ".onnx", written[name + ".file"].tobytes())

    # Sizes that are computed, and numbers in each way that a tensor may hold them.
    make, kinds = onnx.helper, onnx.TensorProto
    ramp = lambda *shape: (np.arange(int(np.prod(shape)), dtype=np.float32) / 8).reshape(shape)
    tensors = [
        make.make_tensor("kernel", kinds.FLOAT, [4, 3, 2, 2], ramp(48)),
        make.make_tensor("bias", kinds.FLOAT16, [4], ramp(4).astype(np.float16)),
        make.make_tensor("gamma", kinds.DOUBLE, [4], ramp(4)),
        make.make_tensor("beta", kinds.BFLOAT16, [4], ramp(4)),
        onnx.numpy_helper.from_array(ramp(4), "mean"),
        onnx.numpy_helper.from_array(ramp(4).astype(np.float16), "variance"),
        make.make_tensor("rows", kinds.INT32, [2, 2], [0, 2, 1, 3]),
        make.make_tensor("weights", kinds.FLOAT, [5, 16], ramp(80)),
    ]
    constant = lambda name, **value: make.make_node("Constant", [], [name], **value)
    nodes = [
        make.make_node("Conv", ["x", "kernel", "bias"], ["c"], strides=[1, 1], auto_pad="VALID", group=1),
        make.make_node("BatchNormalization", ["c", "gamma", "beta", "mean", "variance"], ["b"], momentum=0.9),
        constant("six", value_float=6.0), constant("zero", value_float=0.0),
        make.make_node("Clip", ["b", "zero", "six"], ["r"]),
        make.make_node("Shape", ["r"], ["shape"]),
        constant("first", value_ints=[0]), constant("one", value_ints=[1]), constant("open", value_int=-1),
        make.make_node("Slice", ["shape", "first", "one", "first"], ["samples"]),
        make.make_node("Unsqueeze", ["open", "first"], ["rest"]),
        make.make_node("Concat", ["samples", "rest"], ["sizes"], axis=0),
        make.make_node("Gather", ["sizes", "first"], ["again"]),
        make.make_node("Concat", ["again", "rest"], ["new"], axis=0),
        make.make_node("Reshape", ["r", "new"], ["flat"]),
        make.make_node("Gemm", ["flat", "weights"], ["y"], transB=1, alpha=0.5),
    ]
    value = lambda name, shape: make.make_tensor_value_info(name, kinds.FLOAT, shape)
    graph = make.make_graph(nodes, "g", [value("x", ["N", 3, 3, 3])], [value("y", ["N", 5])], tensors, doc_string="d")
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)
    put("onnx", "typed.onnx", model.SerializeToString())
    put("onnx", "group.onnx", b"\x9b\x06\x08\x01\x9c\x06" + model.SerializeToString() + b"\x9b\x06" * 65)
    model.graph.initializer[0].ClearField("float_data")
    model.graph.initializer[0].data_location = kinds.EXTERNAL
    for key, text in (("location", "w.bin"), ("offset", "0"), ("length", "192")):
        model.graph.initializer[0].external_data.add(key=key, value=text)
    put("onnx", "external.onnx", model.SerializeToString())


onnx_files()
