#!/bin/sh
# SPDX-License-Identifier: MIT
# Lines of each room that its tests run: scripts/coverage_asan.sh [room ...]
# Builds the tests with Clang's coverage, and with the sanitizers, so that one run does for both. What is not covered is
# listed in build/asan-coverage/uncovered.txt. Needs clang++-16 and LLVM's tools (Debian: clang-16 llvm-16).
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- core ops ops_header_only nn image data io train models report errors
for tool in clang++-16 llvm-cov-16 llvm-profdata-16; do
  command -v $tool > /dev/null || { echo "coverage_asan.sh: needs $tool (Debian: clang-16 llvm-16)" >&2; exit 1; }
done
launcher=""
command -v ccache > /dev/null && launcher="-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"

# shellcheck disable=SC2086
cmake --preset asan-coverage $launcher > /dev/null
for room; do
  cmake --build build/asan-coverage --target "${room}_tests" > "build/asan-coverage/build_$room.log" ||
    { echo "$room: does not build, see build/asan-coverage/build_$room.log"; continue; }
  if LLVM_PROFILE_FILE="build/asan-coverage/$room.profraw" "build/asan-coverage/tests/${room}_tests" > "build/asan-coverage/$room.log" 2>&1
  then echo "$room: all tests pass"; else echo "$room: tests fail, see build/asan-coverage/$room.log"; fi
done

# Of each program by itself, then line by line: what any of them runs is covered. (Given all at once, llvm-cov takes a
# function that one program has and does not use for one that none runs.)
for profile in build/asan-coverage/*.profraw; do
  [ -s "$profile" ] || continue
  room=$(basename "$profile" .profraw)
  llvm-profdata-16 merge -o "build/asan-coverage/$room.profdata" "$profile"
  llvm-cov-16 export -format=lcov "build/asan-coverage/tests/${room}_tests" \
    -instr-profile="build/asan-coverage/$room.profdata" include/brindle 2> /dev/null
done | awk -F '[:,]' -v measured=" $(cd build/asan-coverage && echo *.profraw) " '
  /^SF:/ { file = $2; sub(/.*include\/brindle\//, "", file) }
  /^DA:/ { line = file ":" $2; if (!(line in runs) || $3 > runs[line]) runs[line] = $3 }
  END {
    for (line in runs) {
      room = line ~ /\// ? line : "umbrellas/"; sub(/\/.*/, "", room)
      all[room]++
      if (runs[line] == 0) { missed[room]++; print line > "build/asan-coverage/uncovered.txt" }
    }
    for (room in all) if (index(measured, " " room ".profraw "))
      printf "%-10s %6d lines, %5d not run, %5.1f %% covered\n", room, all[room], missed[room], 100 - 100 * missed[room] / all[room]
  }' | sort
sort -t : -k 1,1 -k 2,2n -o build/asan-coverage/uncovered.txt build/asan-coverage/uncovered.txt
