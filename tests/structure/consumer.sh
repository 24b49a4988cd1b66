#!/usr/bin/env bash
# Installs the library into a folder of its own, then configures, builds and runs a project that finds it there.
set -euo pipefail
compiler=$1 here=$4 work=$5/consumer build=$6 cmake=$7

rm -rf "$work"
"$cmake" --install "$build" --prefix "$work/installed" >/dev/null
"$cmake" -S "$here/consumer" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
         -DCMAKE_PREFIX_PATH="$work/installed" >/dev/null
"$cmake" --build "$work/build"
"$work/build/consumer"
