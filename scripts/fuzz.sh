#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the fuzz targets, two at a time, at idle priority: scripts/fuzz.sh [seconds each] [target ...]
# What breaks a target is kept in build/fuzz/findings/; mend it, and put the file into tests/fuzz/corpus/<target>/.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-600}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- keras saved_model hdf5 picture turbojpeg npz safetensors keras_config torch torch_pickle onnx run_manifest
command -v clang++-16 > /dev/null || { echo "fuzz.sh: needs clang++-16 (scripts/install_packages.sh)" >&2; exit 1; }

cmake --preset fuzz > /dev/null
for target; do programs="${programs:-} fuzz_$target"; done
cmake --build build/fuzz --target $programs
mkdir -p build/fuzz/findings build/fuzz/grown build/fuzz/logs

printf '%s\n' "$@" | xargs -P 2 -I TARGET sh -c '
  mkdir -p build/fuzz/grown/TARGET
  chrt -i 0 build/fuzz/tests/fuzz/fuzz_TARGET -max_total_time='"$seconds"' -rss_limit_mb=2048 -malloc_limit_mb=1024 \
    -timeout=20 -print_final_stats=1 -fork=1 -ignore_crashes=1 -ignore_timeouts=1 -ignore_ooms=1 \
    -artifact_prefix=build/fuzz/findings/TARGET- build/fuzz/grown/TARGET tests/fuzz/corpus/TARGET \
    > build/fuzz/logs/TARGET 2>&1 || true
  echo "TARGET: $(grep -c "^artifact_prefix\|Test unit written" build/fuzz/logs/TARGET) findings; $(tail -n 400 build/fuzz/logs/TARGET | grep "^#" | tail -n 1)"'
