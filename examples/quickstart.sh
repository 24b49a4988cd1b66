#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# From nothing to a trained network: installs what is missing, builds the first example and runs it.
#
#     bash examples/quickstart.sh [--data DIR] [--epochs N] [--out DIR] ...     options are those of the example
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

bash "$root/scripts/install_packages.sh" build
cmake -S "$root" -B "$root/build/quickstart" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBRINDLE_TESTS=OFF \
      -DBRINDLE_BENCHMARKS=OFF -DBRINDLE_COMPILED_ISAS=native >/dev/null
cmake --build "$root/build/quickstart" --target baseline
exec "$root/build/quickstart/examples/baseline" "$@"
