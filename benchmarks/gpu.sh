#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds, tests and times brindle on a machine with an NVIDIA GPU, without installing anything and without CMake: it
# needs nvcc, cuDNN 9, cuBLAS and g++. Writes JSON lines: what was run on, the tests' result, then each figure.
#
#   bash benchmarks/gpu.sh [options]
#     --headers DIR    folder with Eigen/, catch2/, stb/ and nlohmann/ for the tests; without it those of the system, or no tests
#     --collect DIR    only copies these headers from this machine into DIR, to be carried along
#     --cudnn DIR      where cuDNN is, with include/ and lib/, if it is not in the toolkit or the system
#     --arch ARCH      default: the GPU that is there, else sm_90
#     --seconds S      for each figure, default 5
#     --build-only     no tests and no figures: to see that everything compiles
#     --out FILE       default build/gpu.jsonl
#
# Minutes: about two to build with 16 cores; then some ten figures in each of three precisions, and one more set with
# steps that are not recorded.
#
# Exit code: 0 if all went well; 1 if something is missing or failed, which it names; 3 if it built everything and there
# is no GPU.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

fail() { echo "gpu.sh: $*" >&2; exit 1; }

headers="" collect="" cudnn="" arch="" seconds=5 build_only="" out=build/gpu.jsonl
while [ $# -gt 0 ]; do
  case "$1" in
    --build-only) build_only=1; shift; continue ;;
    --headers|--collect|--cudnn|--arch|--seconds|--out) [ $# -gt 1 ] || fail "$1 needs a value" ;;
    *) echo "gpu.sh: no option $1; see its first lines" >&2; exit 2 ;;
  esac
  declare "${1#--}=$2"
  shift 2
done

if [ -n "$collect" ]; then
  mkdir -p "$collect"
  for place in /usr/include/eigen3/Eigen /usr/include/catch2 /usr/include/stb /usr/include/nlohmann; do
    [ -d "$place" ] || fail "$place is not here; install libeigen3-dev catch2 libstb-dev nlohmann-json3-dev"
    cp -r "$place" "$collect/"
  done
  echo "headers are in $collect"
  exit 0
fi

# What a bare machine may lack.
nvcc=$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)
[ -x "$nvcc" ] || fail "no nvcc on the PATH or in /usr/local/cuda/bin: install the CUDA toolkit, version 12 or 13"
command -v g++ >/dev/null || fail "no g++: install version 12 or later"
toolkit=$(dirname "$(dirname "$(readlink -f "$nvcc")")")
if [ -z "$arch" ]; then
  capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -d '. ' || true)
  arch=sm_${capability:-90}
fi

includes=(-I"$root/include" -I"$root/benchmarks" -I"$root/tests" -isystem "$toolkit/include")
folders=("$toolkit/lib64" "$toolkit/targets/x86_64-linux/lib")
if [ -n "$cudnn" ]; then
  includes+=(-isystem "$cudnn/include")
  folders+=("$cudnn/lib" "$cudnn/lib64")
fi
libraries=()
for folder in "${folders[@]}"; do
  [ ! -d "$folder" ] || libraries+=(-L"$folder" -Xlinker -rpath -Xlinker "$folder")
done
libraries+=(-l:libcudnn.so.9 -lcublasLt)  # cuDNN's wheels have no libcudnn.so
echo '#include <cudnn.h>' | g++ -E -x c++ "${includes[@]}" - >/dev/null 2>&1 || \
  fail "no cudnn.h in $toolkit/include or the system's folders: install cuDNN 9, or say with --cudnn DIR where it is"

third=()
if [ -n "$headers" ]; then
  for folder in Eigen catch2 stb nlohmann; do
    [ -d "$headers/$folder" ] || fail "--headers $headers: has no $folder/; make the folder with --collect on another machine"
  done
  third=(-isystem "$headers")
elif [ -f /usr/include/catch2/catch.hpp ] && [ -d /usr/include/eigen3/Eigen ] && \
     [ -f /usr/include/stb/stb_image.h ] && [ -f /usr/include/nlohmann/json.hpp ]; then
  third=(-isystem /usr/include/eigen3)
fi

work=build/gpu
rm -rf "$work"
mkdir -p "$work" "$(dirname "$out")"

# Source, object: by nvcc, or by the C++ compiler for what needs no nvcc.
by_nvcc() {
  "$nvcc" -x cu -std=c++20 -O3 "-arch=$arch" --expt-relaxed-constexpr -diag-suppress=1675,20012 -DBRINDLE_NO_BUILD_ADVICE \
          "${includes[@]}" "${third[@]}" "-DBRINDLE_GOLDENS=\"$root/tests/goldens\"" -c "$1" -o "$2"
}
by_gcc() { g++ -std=c++20 -O2 "${includes[@]}" "${third[@]}" -c "$1" -o "$2"; }

# As many at a time as there are cores; the words of one that fails are kept, its object is then missing.
objects=()
build() { # compiler source
  local object=$work/$(basename "$2" .cpp).o
  objects+=("$object")
  while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do sleep 0.2; done
  { "$1" "$2" "$object" >"$object.log" 2>&1 || rm -f "$object"; } &
}

echo "gpu.sh: building for $arch with $nvcc" >&2
started=$(date +%s)
if [ ${#third[@]} -gt 0 ]; then
  for source in tests/cuda/*_test.cpp; do build by_nvcc "$source"; done
  tests=("${objects[@]}" "$work/main.o")
  build by_gcc tests/support/main.cpp
  build by_gcc tests/cuda/predict_without_nvcc.cpp
fi
build by_nvcc benchmarks/gpu_bench.cpp
wait
for object in "${objects[@]}"; do
  [ -f "$object" ] || { tail -n 30 "$object.log" >&2; fail "$(basename "$object" .o).cpp does not compile, see $object.log"; }
done
link() { # program objects
  "$nvcc" "-arch=$arch" "${@:2}" -o "$work/$1" "${libraries[@]}" >"$work/link.log" 2>&1 || \
    { cat "$work/link.log" >&2; fail "$1 does not link: are libcudnn.so.9 and libcublasLt.so in ${folders[*]} or the system's folders?"; }
}
link gpu_bench "$work/gpu_bench.o"
if [ ${#third[@]} -gt 0 ]; then
  link cuda_tests "${tests[@]}"
  link predict_without_nvcc "$work/predict_without_nvcc.o"
fi
echo "gpu.sh: built in $(($(date +%s) - started)) s" >&2
[ -z "$build_only" ] || exit 0

gpu=$("$work/gpu_bench" --describe 2>&1) || { echo "gpu.sh: everything is built, but nothing can run here: $gpu" >&2; exit 3; }

words() { tr -d '"\\' | tr '\n' ' ' | sed 's/ *$//'; }
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
printf '{"machine": "%s", "driver": "%s", "toolkit": "%s", "arch": "%s", "commit": "%s", "date": "%s"}\n' \
       "$(words <<<"$gpu")" \
       "$(nvidia-smi --query-gpu=driver_version,memory.total,clocks.max.sm --format=csv,noheader 2>/dev/null | head -n 1 | words || true)" \
       "$("$nvcc" --version | tail -n 1 | words)" "$arch" "$commit" "$(date -u +%FT%TZ)" | tee "$out"

failed=""
run_tests() { # program
  local status=0
  "$work/$1" >"$work/$1.log" 2>&1 || status=$?
  printf '{"tests": "%s", "exit": %d, "skipped": %d, "result": "%s"}\n' "$1" "$status" \
         "$(grep -c "no CUDA device" "$work/$1.log" || true)" "$(tail -n 3 "$work/$1.log" | words)" | tee -a "$out"
  [ "$status" -eq 0 ] || { failed="$failed $work/$1.log"; tail -n 60 "$work/$1.log" >&2; }
}
if [ ${#third[@]} -gt 0 ]; then
  run_tests cuda_tests
  run_tests predict_without_nvcc
else
  echo '{"tests": "cuda", "result": "not built: no headers of Eigen, Catch2, stb and nlohmann; give --headers"}' | tee -a "$out"
fi

# What fails leaves the others their figures.
measure() { # name, options of gpu_bench
  "$work/gpu_bench" "${@:2}" --seconds "$seconds" 2>"$work/$1.log" | tee -a "$out" && return
  printf '{"failed": "%s", "error": "%s"}\n' "$1" "$(words <"$work/$1.log")" | tee -a "$out"
  failed="$failed $work/$1.log"
}
for precision in float32 tf32 bf16; do measure "$precision" --precision "$precision"; done
measure tf32_not_recorded --precision tf32 --plain
echo "gpu.sh: figures are in $out" >&2
[ -z "$failed" ] || fail "something failed, see$failed"
