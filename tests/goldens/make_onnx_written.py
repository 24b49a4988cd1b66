# SPDX-License-Identifier: MIT
"""Makes onnx_written.npz: what onnxruntime gives for files that save_onnx wrote.

    BRINDLE_ONNX_OUT=folder io_tests "[write_onnx]"
    python3 make_onnx_written.py folder             numpy, onnx and onnxruntime

For each file its bytes, an input x and the output y. Pictures are (N, H, W, C) in the arrays.

"""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

here = pathlib.Path(__file__).parent


def main(folder):
    arrays = {}
    for path in sorted(pathlib.Path(folder).glob("*.onnx")):
        onnx.checker.check_model(str(path), full_check=True)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        (given,), (wanted,) = session.get_inputs(), session.get_outputs()
        shape = [3] + given.shape[1:]
        last = path.stem == "channels_last"
        picture = len(shape) == 4
        if picture and not last:
            shape = [shape[0], shape[2], shape[3], shape[1]]
        scale = 255 if path.stem.startswith(("row", "channels")) else 2
        x = (np.random.default_rng(5).random(shape) * scale).astype(np.float32)
        fed = x.transpose(0, 3, 1, 2) if picture and not last else x
        (y,) = session.run(None, {given.name: np.ascontiguousarray(fed)})
        if y.ndim == 4:
            y = y.transpose(0, 2, 3, 1)
        arrays[path.stem + ".file"] = np.frombuffer(path.read_bytes(), np.uint8)
        arrays[path.stem + ".x"] = x
        arrays[path.stem + ".y"] = np.ascontiguousarray(y)
        print(path.stem, given.shape, wanted.shape, "largest", abs(y).max())
    np.savez(here / "onnx_written.npz", **arrays)


main(sys.argv[1])
