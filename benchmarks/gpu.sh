#!/usr/bin/env bash
# Builds, tests and times brindle on a machine with an NVIDIA GPU, without installing anything and without CMake: it
# needs nvcc, cuDNN 9, cuBLAS and g++. Writes JSON lines: what was run on, the tests' result, then each figure.
#
#   bash benchmarks/gpu.sh [options]
#     --headers DIR    folder with Eigen/, catch2/, stb/ and nlohmann/ for the tests; without it those of the system, or no tests
#     --collect DIR    only copies these headers from this machine into DIR, to be carried along
#     --cudnn DIR      where cuDNN is, with include/ and lib/, if it is not in the toolkit
#     --arch ARCH      default: the GPU that is there, else sm_90
#     --seconds S      for each figure, default 5
#     --build-only     no figures: to see that everything compiles
#     --out FILE       default build/gpu.jsonl
#
# Minutes: about two to build with 16 cores; then some ten figures in each of three precisions, and one more set with
# steps that are not recorded.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

headers="" collect="" cudnn="" arch="" seconds=5 build_only="" out=build/gpu.jsonl
while [ $# -gt 0 ]; do
  case "$1" in
    --headers) headers=$2; shift 2 ;;
    --collect) collect=$2; shift 2 ;;
    --cudnn) cudnn=$2; shift 2 ;;
    --arch) arch=$2; shift 2 ;;
    --seconds) seconds=$2; shift 2 ;;
    --build-only) build_only=1; shift ;;
    --out) out=$2; shift 2 ;;
    *) echo "gpu.sh: no option $1; see its first lines" >&2; exit 2 ;;
  esac
done

if [ -n "$collect" ]; then
  mkdir -p "$collect"
  for place in /usr/include/eigen3/Eigen /usr/include/catch2 /usr/include/stb /usr/include/nlohmann; do
    [ -d "$place" ] || { echo "gpu.sh: $place is not here; install libeigen3-dev catch2 libstb-dev nlohmann-json3-dev" >&2; exit 1; }
    cp -r "$place" "$collect/"
  done
  echo "headers are in $collect"
  exit 0
fi

nvcc=$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)
[ -x "$nvcc" ] || { echo "gpu.sh: no nvcc on the PATH or in /usr/local/cuda/bin: install the CUDA toolkit" >&2; exit 1; }
toolkit=$(dirname "$(dirname "$(readlink -f "$nvcc")")")
if [ -z "$arch" ]; then
  capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -d '. ' || true)
  arch=sm_${capability:-90}
fi

includes=(-I"$root/include" -I"$root/benchmarks" -I"$root/tests")
libraries=(-L"$toolkit/lib64")
if [ -n "$cudnn" ]; then
  includes+=(-isystem "$cudnn/include")
  libraries+=(-L"$cudnn/lib" -Xlinker -rpath -Xlinker "$cudnn/lib")
fi
libraries+=(-Xlinker -rpath -Xlinker "$toolkit/lib64" -lcudnn -lcublasLt)
third=()
if [ -n "$headers" ]; then
  third=(-isystem "$headers")
elif [ -f /usr/include/catch2/catch.hpp ] && [ -d /usr/include/eigen3/Eigen ] && \
     [ -f /usr/include/stb/stb_image.h ] && [ -f /usr/include/nlohmann/json.hpp ]; then
  third=(-isystem /usr/include/eigen3)
fi

work=build/gpu
mkdir -p "$work" "$(dirname "$out")"
flags=(-std=c++20 -O3 "-arch=$arch" --expt-relaxed-constexpr -diag-suppress=1675,20012 -DBRINDLE_NO_BUILD_ADVICE)
gpu_unit() { # source object
  "$nvcc" -x cu "${flags[@]}" "${includes[@]}" "${third[@]}" "-DBRINDLE_GOLDENS=\"$root/tests/goldens\"" -c "$1" -o "$2"
}

echo "gpu.sh: building for $arch with $nvcc" >&2
started=$(date +%s)
jobs=()
gpu_unit benchmarks/gpu_bench.cpp "$work/gpu_bench.o" & jobs+=($!)
objects=()
if [ ${#third[@]} -gt 0 ]; then
  g++ -std=c++20 -O1 "${third[@]}" -c tests/support/main.cpp -o "$work/main.o" & jobs+=($!)
  for source in tests/cuda/*_test.cpp; do
    object=$work/$(basename "$source" .cpp).o
    objects+=("$object")
    gpu_unit "$source" "$object" & jobs+=($!)
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
  done
fi
for job in "${jobs[@]}"; do wait "$job"; done
"$nvcc" "-arch=$arch" "$work/gpu_bench.o" -o "$work/gpu_bench" "${libraries[@]}"
[ ${#objects[@]} -eq 0 ] || "$nvcc" "-arch=$arch" "$work/main.o" "${objects[@]}" -o "$work/cuda_tests" "${libraries[@]}"
echo "gpu.sh: built in $(($(date +%s) - started)) s" >&2

words() { tr -d '"\\' | tr '\n' ' ' | sed 's/ *$//'; }
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
gpu=$(nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null | head -n 1 | words || true)
printf '{"machine": "%s", "toolkit": "%s", "arch": "%s", "commit": "%s", "date": "%s"}\n' "${gpu:-no GPU}" \
       "$("$nvcc" --version | tail -n 1 | words)" "$arch" "$commit" "$(date -u +%FT%TZ)" >"$out"

if [ ${#objects[@]} -gt 0 ]; then
  status=0
  "$work/cuda_tests" >"$work/cuda_tests.log" 2>&1 || status=$?
  skipped=$(grep -c "no CUDA device" "$work/cuda_tests.log" || true)
  result=$(tail -n 3 "$work/cuda_tests.log" | words)
  printf '{"tests": "cuda", "exit": %d, "skipped": %d, "result": "%s"}\n' "$status" "$skipped" "$result" | tee -a "$out"
  [ "$status" -eq 0 ] || { echo "gpu.sh: tests failed, see $work/cuda_tests.log" >&2; tail -n 60 "$work/cuda_tests.log" >&2; }
else
  echo '{"tests": "cuda", "result": "not built: no headers of Eigen, Catch2, stb and nlohmann; give --headers"}' | tee -a "$out"
fi

[ -z "$build_only" ] || exit 0
for precision in float32 tf32 bf16; do
  "$work/gpu_bench" --precision "$precision" --seconds "$seconds" | tee -a "$out"
done
"$work/gpu_bench" --precision tf32 --plain --seconds "$seconds" | tee -a "$out"
echo "gpu.sh: figures are in $out" >&2
