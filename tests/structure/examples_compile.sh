#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each program of examples/, and what they share, compiles without a warning.
set -euo pipefail
compiler=$1 include=$2 eigen=$3 here=$4

for file in "$here"/../../examples/*.cpp; do
  "$compiler" -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -DBRINDLE_NO_BUILD_ADVICE \
    -I"$include" -isystem "$eigen" "$file" || { echo "$file: does not compile without a warning" >&2; exit 1; }
done
