#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Files are as clang-format 14 has them: format.sh ROOT. Another version lays some lines out differently, so with another
# one, as without any, there is nothing to compare with: exit code 77, skipped. Where a program writes out a model, its list
# of layers is a table, a block to a line, between the marks clang-format off and on.
set -euo pipefail
cd "$1"

program=""
for name in clang-format-14 clang-format; do
  if "$name" --version 2>/dev/null | grep -q "version 14\."; then
    program=$name
    break
  fi
done
if [ -z "$program" ]; then
  echo "skipped: clang-format 14 is not here (Debian: clang-format-14); found: $(clang-format --version 2>/dev/null || echo none)"
  exit 77
fi

mapfile -t files < <(
  find include tests benchmarks examples scripts -name '*.hpp' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' | sort
)
[ ${#files[@]} -gt 300 ] || { echo "expected hundreds of files to look at, found ${#files[@]}" >&2; exit 1; }

# All at once, which takes seconds; one by one only where something is wrong.
"$program" --dry-run --Werror "${files[@]}" 2>/dev/null && exit 0
wrong=()
for file in "${files[@]}"; do
  "$program" --dry-run --Werror "$file" 2>/dev/null || wrong+=("$file")
done
echo "not as clang-format has them: ${wrong[*]}" >&2
echo "mend them with: cd $PWD && $program -i ${wrong[*]}" >&2
exit 1
