#!/usr/bin/env bash
# Each header of the library compiles alone, warnings being errors.
set -euo pipefail
compiler=$1 include=$2 eigen=$3

compile() {
  "$compiler" -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -DBRINDLE_NO_BUILD_ADVICE -I"$include" \
              -isystem "$eigen" -x c++ - <<<"#include \"$1\"" || { echo "does not compile alone: $1" >&2; return 1; }
}
export -f compile
export compiler include eigen
cd "$include"
find brindle -name '*.hpp' ! -path '*cuda*' -print0 | sort -z | xargs -0 -P "$(nproc)" -I{} bash -c 'compile {}'
