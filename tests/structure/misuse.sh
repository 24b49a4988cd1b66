#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each file of misuse/ must fail to compile with the words of its first line, and compile when BRINDLE_RIGHT is defined.
# Files that need no definitions are of the compiled form, whose headers say the same and are read sooner.
set -euo pipefail
compiler=$1 include=$2 eigen=$3 here=$4

check() { # file
  local words output compile=("$compiler" -std=c++20 -fsyntax-only -I"$include" -isystem "$eigen" "$1")
  words=$(sed -n '1s|^// expects: ||p' "$1")
  if ! "${compile[@]}" -DBRINDLE_RIGHT >/dev/null 2>&1; then
    echo "$1: the right use does not compile" >&2
  elif output=$("${compile[@]}" 2>&1); then
    echo "$1: compiles, but must not" >&2
  elif ! grep -qE "$words" <<<"$output"; then
    echo "$1: the compiler does not say \"$words\"" >&2; head -20 <<<"$output" >&2
  else
    return 0
  fi
  return 1
}
export -f check
export compiler include eigen
printf '%s\0' "$here"/misuse/*.cpp | xargs -0 -P "$(nproc)" -I{} bash -c 'check "$1"' bash {}
