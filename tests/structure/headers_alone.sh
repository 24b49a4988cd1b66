#!/usr/bin/env bash
# Each header of the library compiles alone, warnings being errors; those for the GPU where CUDA's headers are.
set -euo pipefail
compiler=$1 include=$2 eigen=$3 cuda=${8:-}

compile() {
  "$compiler" -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -DBRINDLE_NO_BUILD_ADVICE -I"$include" \
              -isystem "$eigen" ${cuda:+-isystem "$cuda"} -x c++ - <<<"#include \"$1\"" || { echo "does not compile alone: $1" >&2; return 1; }
}
export -f compile
export compiler include eigen cuda
cd "$include"
skip=(! -path '*cuda*')
[ -n "$cuda" ] && skip=()
find brindle -name '*.hpp' "${skip[@]}" -print0 | sort -z | xargs -0 -P "$(nproc)" -I{} bash -c 'compile {}'
