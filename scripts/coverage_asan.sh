#!/bin/sh
# Lines of each room that its tests run: scripts/coverage_asan.sh [room ...]
# Builds the tests with Clang's coverage, and with the sanitizers, so that one run does for both. What is not covered is
# listed in build/asan-coverage/uncovered.txt. Needs clang++-16 and LLVM's tools (Debian: clang-16 llvm-16).
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- core ops nn image data io train models report errors
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

llvm-profdata-16 merge -o build/asan-coverage/all.profdata build/asan-coverage/*.profraw
programs=""
for profile in build/asan-coverage/*.profraw; do
  room=$(basename "$profile" .profraw)
  programs="$programs -object build/asan-coverage/tests/${room}_tests"
done
# shellcheck disable=SC2086
set -- ${programs#*-object } -instr-profile=build/asan-coverage/all.profdata
llvm-cov-16 report "$@" include/brindle | awk -v measured="$programs " '
  /\.hpp/ { split($1, path, "/"); room = path[1] ~ /\.hpp/ ? "umbrellas" : path[1]; all[room] += $8; missed[room] += $9 }
  END { for (room in all) if (index(measured, "/" room "_tests "))
          printf "%-10s %6d lines, %5d not run, %5.1f %% covered\n", room, all[room], missed[room], 100 - 100 * missed[room] / all[room] }' | sort
llvm-cov-16 show "$@" -show-instantiations=false include/brindle | grep -E "^/|^ +[0-9]+\| +0\|" > build/asan-coverage/uncovered.txt
