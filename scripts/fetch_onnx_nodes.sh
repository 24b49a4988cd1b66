#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetches ONNX's tests of single operators, which its package of version 1.17.0 has (16 MB from PyPI): scripts/fetch_onnx_nodes.sh [folder]
# Later packages lack them. io_tests runs them where BRINDLE_ONNX_NODES names the folder that is printed at the end.
set -eu
to=${1:-build/onnx_nodes}
mkdir -p "$to"
python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.11 --platform manylinux2014_x86_64 \
  --dest "$to" onnx==1.17.0
wheel=$(ls "$to"/onnx-1.17.0-*.whl)
echo "4a183c6178be001bf398260e5ac2c927dc43e7746e8638d6c05c20e321f8c949  $wheel" | sha256sum --check --quiet
python3 - "$wheel" "$to" << 'PYTHON'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in wheel.namelist():
        if name.startswith("onnx/backend/test/data/node/"):
            wheel.extract(name, sys.argv[2])
PYTHON
echo "BRINDLE_ONNX_NODES=$(cd "$to" && pwd)/onnx/backend/test/data/node"
