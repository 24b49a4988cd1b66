#!/usr/bin/env bash
# Each file of misuse/ must fail to compile with the words of its first line, and compile when BRINDLE_RIGHT is defined.
set -euo pipefail
compiler=$1 include=$2 eigen=$3 here=$4

failed=0
for file in "$here"/misuse/*.cpp; do
  words=$(sed -n '1s|^// expects: ||p' "$file")
  compile=("$compiler" -std=c++20 -fsyntax-only -I"$include" -isystem "$eigen" "$file")
  if ! "${compile[@]}" -DBRINDLE_RIGHT >/dev/null 2>&1; then
    echo "$file: the right use does not compile" >&2; failed=1
  elif output=$("${compile[@]}" 2>&1); then
    echo "$file: compiles, but must not" >&2; failed=1
  elif ! grep -qE "$words" <<<"$output"; then
    echo "$file: the compiler does not say \"$words\"" >&2; echo "$output" | head -20 >&2; failed=1
  fi
done
exit $failed
