"""Writes weights/tiny_seq_latest.h5: weights/tiny_seq_keras2.h5 in HDF5's later layout, one dataset of it compressed.

    python3 tests/goldens/make_other_layouts.py     (h5py 3)
"""

import pathlib

import h5py

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
