#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs one_binary.cpp as a user would, and reads what it says.
#
#     one_binary.sh PROGRAM computes LEVEL ...          as it is, and with each level that this processor has
#     one_binary.sh PROGRAM throws                      an error inside a kernel
#     one_binary.sh PROGRAM chooses LEVEL ...           BRINDLE_ISA, right and wrong
#     one_binary.sh PROGRAM emulates QEMU LEVEL ...     on processors of other levels
#
# LEVEL: x86_64_v2, x86_64_v3, x86_64_v4, or `own` for kernels of the project's flags. Exit status 77: skipped.
set -uo pipefail
program=$1 what=$2
shift 2
[ "$what" = emulates ] && { qemu=$1; shift; }
levels=("$@")
unset BRINDLE_ISA

fail() {
  echo "failed: $*" >&2
  exit 1
}

name() { echo "${1/x86_64_/x86-64-}"; }

names() { # level ... as an error lists them
  local list=""
  for level in "$@"; do list+="${list:+, }$(name "$level")"; done
  echo "$list"
}

# By the system's own list, not by the library.
has() { # level
  local flags
  flags=" $(grep -m1 '^flags' /proc/cpuinfo) "
  case $1 in
    x86_64_v2) set -- ssse3 sse4_1 sse4_2 popcnt cx16 lahf_lm ;;
    x86_64_v3) set -- avx avx2 fma f16c bmi1 bmi2 abm movbe ;;
    x86_64_v4) set -- avx2 fma avx512f avx512bw avx512cd avx512dq avx512vl ;;
  esac
  for flag in "$@"; do [[ $flags == *" $flag "* ]] || return 1; done
}

expect_level() { # level command ...
  local level=$1 simd said
  shift
  case $level in
    x86_64_v2) simd=SSE ;;
    x86_64_v3) simd=AVX2 ;;
    x86_64_v4) simd=AVX-512 ;;
  esac
  said=$("$@") || fail "$* ended with $?"
  [ "$said" = "$(name "$level"), $simd"$'\n'"as the reference" ] || fail "expected the kernels of $level, got: $said"
  echo "$* $(name "$level"): $said"
}

expect_error() { # text command ...: status 1 and one line that begins with the text
  local text=$1 said
  shift
  said=$("$@" 2>&1 >/dev/null | grep -v "^qemu-x86_64: warning")
  "$@" >/dev/null 2>&1 && fail "$* ended well"
  [ "$(wc -l <<<"$said")" = 1 ] || fail "$* said more than a line: $said"
  [[ $said == "$text"* ]] || fail "expected \"$text ...\", got \"$said\""
  echo "$*: $said"
}

case $what in
  computes)
    said=$("$program") || fail "$program ended with $?: $said"
    [[ $said == *"as the reference" ]] || fail "$said"
    echo "$said"
    for level in "${levels[@]}"; do
      if [ "$level" != own ] && has "$level"; then expect_level "$level" env BRINDLE_ISA="$(name "$level")" "$program"; fi
    done
    ;;
  throws)
    expect_error "ValueError: sparse_categorical_crossentropy: expected classes from 0 to 2 (x is (2, 3)), got 3 for sample 1" \
                 "$program" class_out_of_range
    ;;
  chooses)
    runnable=()
    for level in "${levels[@]}"; do has "$level" && runnable+=("$level"); done
    [ ${#runnable[@]} -gt 0 ] || { echo "skipped: this processor has none of ${levels[*]}"; exit 77; }
    expect_level "${runnable[-1]}" "$program"
    expect_level "${runnable[-1]}" env BRINDLE_ISA= "$program"
    for wrong in x86-64-v5 x86-64-v1 avx2 "x86-64-v3 " X86-64-V3; do
      expect_error "ValueError: BRINDLE_ISA is \"$wrong\": this program has CPU kernels for $(names "${levels[@]}");" \
                   env BRINDLE_ISA="$wrong" "$program"
    done
    for level in "${levels[@]}"; do
      has "$level" && continue
      expect_error "ValueError: BRINDLE_ISA is \"$(name "$level")\", which this processor cannot run: it can run $(names "${runnable[@]}");" \
                   env BRINDLE_ISA="$(name "$level")" "$program"
    done
    ;;
  emulates)
    [[ $qemu != *NOTFOUND && "${levels[*]}" = "x86_64_v2 x86_64_v3 x86_64_v4" ]] || { echo "skipped: no qemu-x86_64"; exit 77; }
    expect_level x86_64_v2 "$qemu" -cpu Nehalem "$program" 2>/dev/null
    expect_level x86_64_v3 "$qemu" -cpu Haswell "$program" 2>/dev/null
    expect_error "Error: this program has CPU kernels for $(names "${levels[@]}"), and this processor has none" \
                 "$qemu" -cpu core2duo "$program"
    expect_error "ValueError: BRINDLE_ISA is \"x86-64-v4\", which this processor cannot run: it can run x86-64-v2, x86-64-v3;" \
                 env BRINDLE_ISA=x86-64-v4 "$qemu" -cpu Haswell "$program"
    ;;
  *) fail "no such test: $what" ;;
esac
