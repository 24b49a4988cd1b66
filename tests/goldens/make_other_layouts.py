# SPDX-License-Identifier: MIT
"""Writes weights/tiny_seq_latest.h5: weights/tiny_seq_keras2.h5 in HDF5's later layout, one dataset of it compressed;
and weights/other_types.h5 and other_types_latest.h5 in both: weights of 64 and 16 bits, a cut list of names, and what is
no weights.

    python3 tests/goldens/make_other_layouts.py     (h5py 3)
"""

import pathlib

import h5py
import numpy

folder = pathlib.Path(__file__).parent / "weights"


def copy(source, to):
    for key, value in source.attrs.items():
        to.attrs[key] = value
    for key, value in source.items():
        if isinstance(value, h5py.Group):
            copy(value, to.create_group(key))
        else:
            packed = {"compression": "gzip", "shuffle": True} if value.size > 500 else {}
            to.create_dataset(key, data=value[()], **packed)


with h5py.File(folder / "tiny_seq_keras2.h5") as source, \
        h5py.File(folder / "tiny_seq_latest.h5", "w", libver="latest") as to:
    copy(source, to)

for name, layout in (("other_types.h5", "earliest"), ("other_types_latest.h5", ("v110", "v110"))):
    with h5py.File(folder / name, "w", libver=layout) as file:
        # Keras cuts a list of names that is longer than an attribute may be.
        file.attrs["layer_names0"], file.attrs["layer_names1"] = [b"first"], [b"second"]
        for layer, kind, kernel, bias in (("first", "float64", [[0.5, -1, 2], [3, 4.25, -8]], [1, 2, 3]),
                                          ("second", "float16", [[0.25], [-2], [6e-5]], [-0.5])):
            group = file.create_group(layer)
            group.attrs["weight_names"] = [f"{layer}/kernel:0".encode(), f"{layer}/bias:0".encode()]
            group.create_dataset(f"{layer}/kernel:0", data=numpy.array(kernel, kind))
            group.create_dataset(f"{layer}/bias:0", data=numpy.array(bias, kind))
        file.create_dataset("odd/chunks", data=numpy.arange(100, dtype="float32"), compression="gzip")
        file.create_dataset("odd/integers", data=numpy.arange(3))
        file.create_dataset("odd/one", data=numpy.int64(3 - 2**40))
        file.create_dataset("odd/short", data=numpy.int32(-5))
        file.create_dataset("odd/nothing", shape=(0, 3), dtype="float32")
        file.create_dataset("odd/axes", data=numpy.zeros((1,) * 7, "float32"))
        file["odd/link"] = h5py.SoftLink("/first/first/kernel:0")
