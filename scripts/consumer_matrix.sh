#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds and runs a program that includes the library by -I alone, for every compiler, library and standard that we claim,
# with flags that users have, and prints a table: docs/benchmarks.md has one. It takes some minutes.
#
#     bash scripts/consumer_matrix.sh [WORK]
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=${1:-$(mktemp -d)}
eigen=$(pkg-config --variable=includedir eigen3 2>/dev/null || true)
[ -d "$eigen/Eigen" ] || eigen=/usr/include/eigen3
mkdir -p "$work"
failed=0

row() { # expected(runs|refused) compiler flag ...
  local expected=$1 compiler=$2 program=$work/program seconds result
  shift 2
  command -v "$compiler" >/dev/null || { echo "| $compiler \`$*\` | not installed | | |"; return; }
  rm -f "$program"
  if seconds=$({ TIMEFORMAT=%U; time "$compiler" "$@" -Wall -Wextra -Werror -I"$root/include" -isystem "$eigen" \
                 "$root/tests/consumers/program.cpp" -o "$program" -pthread 2>"$work/messages"; } 2>&1); then
    if "$program" >"$work/output"; then result=runs; else result="fails: $(tail -n 1 "$work/output")"; fi
    strip "$program"
  elif grep -q 'ffast-math and -Ofast take NaN' "$work/messages"; then
    result=refused
  else
    result="does not compile: $(grep -m 1 error "$work/messages")"
  fi
  [ "$result" = "$expected" ] || { failed=1; result="**$result**, expected: $expected"; }
  echo "| $compiler \`$*\` | $result | $seconds | $([ -f "$program" ] && echo $(($(stat -c %s "$program") / 1000))) |"
}

echo "| compiler and flags, with \`-Wall -Wextra -Werror\` | result | seconds of processor | kB, stripped |"
echo "|---|---|---|---|"
row runs g++ -std=c++20 -O3 -march=native
row runs g++ -std=c++23 -O2 -march=native
row runs g++ -std=c++20 -O1 -fno-rtti
row runs g++ -std=c++20 -O2 -march=native -ffast-math -fno-finite-math-only
row refused g++ -std=c++20 -O2 -ffast-math
row refused g++ -std=c++20 -Ofast
row runs clang++-16 -std=c++20 -O3 -march=native
row runs clang++-16 -std=c++2b -O1
row runs clang++-16 -std=c++20 -O1 -stdlib=libc++
row runs clang++-16 -std=c++2b -O1 -stdlib=libc++ -fno-rtti
row runs clang++-16 -std=c++20 -O2 -march=native -ffast-math -fno-finite-math-only
row refused clang++-16 -std=c++20 -O2 -ffast-math
exit $failed
