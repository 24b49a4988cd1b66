# SPDX-License-Identifier: MIT
"""Writes weights/chunked.h5, datasets in chunks through h5py's filters, and weights/tiny_seq_chunked.weights.h5, the weights
of tiny_seq.weights.h5 so, in the classic layout.

    python3 tests/goldens/make_chunked.py     (h5py 3)
"""
import pathlib

import h5py
import numpy

folder = pathlib.Path(__file__).parent / "weights"
counted = numpy.arange(7 * 5 * 3, dtype="float32").reshape(7, 5, 3)  # element i is i

with h5py.File(folder / "chunked.h5", "w", libver="earliest") as file:
    def put(name, data=counted, **how):
        file.create_dataset(name, data=data, **how)

    put("plain", chunks=(2, 2, 2))
    put("one", chunks=(7, 5, 3))
    put("larger", chunks=(8, 8, 8), maxshape=(None, None, None))
    put("gzip", chunks=(3, 5, 2), compression="gzip", compression_opts=9)
    put("shuffle", chunks=(3, 5, 2), compression="gzip", shuffle=True)
    put("shuffle_alone", chunks=(3, 5, 2), shuffle=True)
    put("fletcher32", chunks=(3, 5, 2), fletcher32=True)
    put("all", chunks=(3, 5, 2), compression="gzip", shuffle=True, fletcher32=True)
    put("halves", counted.astype("float16"), chunks=(2, 5, 3), compression="gzip", shuffle=True)
    put("doubles", counted.astype("float64"), chunks=(4, 1, 3), compression="gzip", shuffle=True, fletcher32=True)
    put("many", numpy.arange(500, dtype="float32"), chunks=(1,), compression="gzip")  # a tree of two levels
    put("nothing", numpy.zeros((0, 3), "float32"), chunks=(1, 3), maxshape=(None, 3))
    put("lzf", chunks=(3, 5, 2), compression="lzf")
    put("scaled", chunks=(3, 5, 2), scaleoffset=2)
    file.create_dataset("unwritten", shape=(7, 5, 3), chunks=(3, 5, 2), dtype="float32")
    holes = file.create_dataset("holes", shape=(7, 5, 3), chunks=(3, 5, 2), dtype="float32")
    holes[:3] = counted[:3]
    file.attrs["text"] = "of variable length, \u00e4"
    file.attrs["texts"] = ["one", "", "three"]

with h5py.File(folder / "tiny_seq.weights.h5") as source, \
        h5py.File(folder / "tiny_seq_chunked.weights.h5", "w", libver="earliest") as to:
    def copy(name, value):
        if isinstance(value, h5py.Group):
            group = to.require_group(name)
        else:
            group = to.create_dataset(name, data=value[()], chunks=value.shape and tuple(max(1, n // 2) for n in value.shape),
                                      **({"compression": "gzip", "shuffle": True, "fletcher32": True} if value.shape else {}))
        for key, text in value.attrs.items():
            group.attrs[key] = text

    source.visititems(copy)
