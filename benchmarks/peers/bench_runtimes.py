# SPDX-License-Identifier: MIT
"""ONNX Runtime and OpenVINO (CPU): their times for the rows W3-1, W3-30, M1-1, M1-32, ..., M4-32, M8 and M9, one JSON line a row.

usage: PY bench_runtimes.py onnxruntime|openvino FOLDER M3-32 ...
environment: BENCH_THREADS (2), BENCH_SECONDS, BENCH_PHOTOS (folder for M8), BENCH_LARGE (folder for M9)

FOLDER has what `modern_bench --write FOLDER M1 M2 M2-features M3 M4 W3` has written: the networks, BatchNormalization folded, and inputs
with brindle's outputs. A row is timed only if the outputs agree: its line has the largest deviation, as a share of the
largest output. Peak memory is that of a row with one row a process.
"""
import json, os, struct, sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import photos as P
import timing as T

RUNTIME, FOLDER = sys.argv[1], Path(sys.argv[2])


def tensors(path):
    """The arrays of a safetensors file of floats."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            arrays[name] = np.frombuffer(data[begin:end], dtype="<f4").reshape(entry["shape"])
    return arrays


def onnxruntime_session(path, batch, shared):
    import onnxruntime as ort

    options = ort.SessionOptions()
    if shared:
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.intra_op_num_threads, options.inter_op_num_threads = T.THREADS, 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return f"onnxruntime{ort.__version__}", lambda x: session.run(["output"], {"input": x})[0]


def openvino_session(path, batch, shared):
    import openvino as ov

    core = ov.Core()
    model = core.read_model(path)
    model.reshape([batch, *list(model.input(0).partial_shape)[1:]])
    settings = {"INFERENCE_NUM_THREADS": T.THREADS, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1}
    request = core.compile_model(model, "CPU", settings).create_infer_request()

    def run(x):
        request.infer({0: x})
        return request.get_output_tensor(0).data
    return f"openvino{ov.__version__.split('-')[0]}", run


# path, batch, whether other threads need the cores as well; gives the peer's name and a function
session = {"onnxruntime": onnxruntime_session, "openvino": openvino_session}[RUNTIME]


def logits(y):
    """What stands before a softmax, up to a constant: its outputs are nearly alike for weights that nobody trained."""
    if y.ndim != 2:
        return y
    z = np.log(y.astype(np.float64))
    return z - z.mean(axis=1, keepdims=True)


def infer(row, batch):
    peer, run = session(FOLDER / f"{row}.onnx", batch, False)
    io = tensors(FOLDER / f"{row}.safetensors")
    x = np.ascontiguousarray(io["x"][:batch].transpose(0, 3, 1, 2))
    expected = io["y"][:batch]
    got = run(x)
    if got.ndim == 4:
        got = got.transpose(0, 2, 3, 1)
    got, expected = logits(got), logits(expected)
    if not np.abs(expected).max() > 1e-3:
        raise ValueError("the network's outputs are all alike: nothing can be compared")
    deviation = float(np.abs(got - expected).max() / np.abs(expected).max())
    if not deviation < 1e-4:
        raise ValueError(f"computes something else than brindle: outputs deviate by {deviation:.3g} of the largest")
    del io
    T.emit_time(peer, f"{row} batch {batch} inference", T.measure(lambda: run(x)), batch, rss_peak_mb=T.rss_peak_mb(), deviation=deviation)


def features(row, folder, draft):
    """Pillow reads the next batches on as many threads as the network has."""
    files = P.files(folder)
    peer, run = session(FOLDER / "M2-features.onnx", P.BATCH, True)
    run(np.random.default_rng(0).random((P.BATCH, 3, 224, 224), dtype=np.float32))
    out = []
    with ThreadPoolExecutor(T.THREADS) as pool:
        begin = time.perf_counter()
        ahead = [pool.map(lambda f: P.read(f, draft), part) for part in P.batches(files)[:2]]
        for number, part in enumerate(P.batches(files)):
            x = np.stack(list(ahead.pop(0))).transpose(0, 3, 1, 2)
            for later in P.batches(files)[number + 2 : number + 3]:
                ahead.append(pool.map(lambda f: P.read(f, draft), later))
            whole = np.zeros((P.BATCH, 3, 224, 224), np.float32)  # the last one may be smaller
            whole[: len(part)] = x
            out.append(run(whole)[: len(part)].copy())
        seconds = time.perf_counter() - begin
    assert np.concatenate(out).shape == (len(files), 1280)
    T.emit_time(peer, f"{row} features of {len(files)} photos", [seconds], len(files), rss_peak_mb=T.rss_peak_mb(),
                decoder="pillow draft" if draft else "pillow")


if __name__ == "__main__":
    T.run_modern_rows(RUNTIME, sys.argv[3:], {}, infer, features)
