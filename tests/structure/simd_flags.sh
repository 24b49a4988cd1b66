#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Two units with kernels for different instruction sets do not link, and the linker's words say why; with the same they
# do and run. Units without kernels may be built as they like.
set -euo pipefail
compiler=$1 include=$2 eigen=$3 here=$4 out=$5/simd_flags

case "$(uname -m)" in x86_64) ;; *) echo "only on x86-64: skipped"; exit 0 ;; esac
mkdir -p "$out"
compile() { # object, flags
  "$compiler" -std=c++20 -O0 -DBRINDLE_NO_BUILD_ADVICE -I"$include" -isystem "$eigen" -c "${@:2}" -o "$out/$1"
}
compile a.o "$here/simd_flags_a.cpp" &
compile b.o "$here/simd_flags_b.cpp" &
wait
compile b_avx2.o -mavx2 -mfma "$here/simd_flags_b.cpp" &
compile shapes_avx2.o -mavx2 -mfma "$here/simd_flags_shapes.cpp" &
wait

"$compiler" "$out/a.o" "$out/b.o" "$out/shapes_avx2.o" -pthread -o "$out/same"
"$out/same"
if words=$("$compiler" "$out/a.o" "$out/b_avx2.o" "$out/shapes_avx2.o" -pthread -o "$out/mixed" 2>&1); then
  echo "units with SSE2 and with AVX2 link, but must not" >&2
  exit 1
fi
if ! grep -q "brindle_all_units_need_the_same_SIMD_flags_and_this_one_has_AVX2_FMA" <<<"$words"; then
  echo "the linker does not name the flags:" >&2
  echo "$words" >&2
  exit 1
fi
