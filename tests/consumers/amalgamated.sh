#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The files of scripts/amalgamate.py give what the headers give: programs are built of each, and their outputs compared.
#
#     amalgamated.sh COMPILER SOURCE EIGEN PYTHON WORK LIBRARY_OBJECT [FLAG ...]
#
# The headers' programs are of the compiled form, with the library as the object that tests/compiled/ has made: that is quicker.
set -euo pipefail
compiler=$1 source=$2 eigen=$3 python=$4 work=$5 library=$6
shift 6
here=$source/tests/consumers
rm -rf "$work"
mkdir -p "$work"
"$python" "$source/scripts/amalgamate.py" "$work" >/dev/null

build() { # output source ...
  local output=$1
  shift
  "$compiler" -std=c++20 -O0 "${flags[@]}" -isystem "$eigen" "$@" -o "$work/$output" -pthread
}
flags=("$@")

build tree -DBRINDLE_COMPILED -I"$source/include" "$here/program.cpp" "$library" &
sed 's|#include <brindle/brindle.hpp>|#include "brindle_all.hpp"|' "$here/program.cpp" >"$work/one.cpp"
build one -I"$work" "$work/one.cpp"
wait $!

sed 's|#include <brindle/inference.hpp>|#include "brindle_inference.hpp"|' "$here/inference_program.cpp" >"$work/runs.cpp"
printf '#define BRINDLE_INFERENCE_IMPLEMENTATION\n#include "brindle_inference.hpp"\n' >"$work/implementation.cpp"
build runs -I"$work" "$work/runs.cpp" "$work/implementation.cpp" &
build tree_runs -DBRINDLE_COMPILED -I"$source/include" "$here/inference_program.cpp" "$library"
wait $!

cd "$work"
[ "$(./one)" = "$(./tree)" ] || { echo "brindle_all.hpp: $(./one), the headers: $(./tree)" >&2; exit 1; }
[ "$(./runs "$here/pets.safetensors")" = "$(./tree_runs "$here/pets.safetensors")" ] ||
  { echo "brindle_inference.hpp: $(./runs "$here/pets.safetensors"), the headers: $(./tree_runs "$here/pets.safetensors")" >&2; exit 1; }
./one
./runs "$here/pets.safetensors"
