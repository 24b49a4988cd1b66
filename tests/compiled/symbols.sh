#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the objects of brindle::compiled define and are made of.
#
#     symbols.sh LIBRARY FOLDER NM OBJDUMP AR WORK LEVEL ...
#
# FOLDER has <level>.o, the closed kernels. They define their table and nothing else that a linker would see; they call
# nothing of ops outside; they have no variables, which would be one for each level. Each uses the registers of its level,
# and all other objects of the library those of any x86-64.
set -euo pipefail
library=$(realpath "$1") folder=$2 nm=$3 objdump=$4 ar=$5 work=$6
shift 6
export LC_ALL=C

fail() {
  echo "failed: $*" >&2
  exit 1
}

# Disassembles into a file, which grep -q may then leave early.
uses() { # register object
  "$objdump" -d "$2" >"$work/text"
  grep -q "%$1[0-9]" "$work/text"
}

rm -rf "$work"
mkdir -p "$work/objects"
for level in "$@"; do
  object=$folder/$level.o
  defined=$("$nm" --defined-only --extern-only "$object" | sed 's/^[0-9a-f]* //')
  [ "$defined" = "D brindle_kernels_$level" ] || fail "$level.o defines: $(head -5 <<<"$defined")"
  asked=$("$nm" -C --undefined-only "$object" | grep "brindle::ops::" || true)
  [ -z "$asked" ] || fail "$level.o asks others for: $asked"
  # The table of type_info and of the personality of exceptions is written by the loader alone.
  state=$("$objdump" -h "$object" | awk '$2 ~ /^\.(data|bss|tdata|tbss|init_array|ctors)/ && $3 !~ /^0+$/ {print $2}' |
          grep -v '^\.data\.\(rel\.ro\|\(rel\.local\.\)\?DW\.ref\)' || true)
  [ -z "$state" ] || fail "$level.o has variables, in $state"
  case $level in
    x86_64_v2) uses ymm "$object" && fail "$level.o has AVX" ;;
    x86_64_v3) { uses ymm "$object" && ! uses zmm "$object"; } || fail "$level.o is not AVX2" ;;
    x86_64_v4) uses zmm "$object" || fail "$level.o has no AVX-512" ;;
  esac
done

(cd "$work/objects" && "$ar" x "$library")
count=0
for object in "$work"/objects/*.o; do
  [ -e "$folder/$(basename "$object")" ] && continue
  for register in ymm zmm; do
    if uses $register "$object"; then fail "$(basename "$object") uses $register, but has to run on any x86-64"; fi
  done
  count=$((count + 1))
done
[ "$count" -gt 0 ] || fail "there is nothing but kernels in $library"
echo "$# closed objects, $count for any x86-64"
