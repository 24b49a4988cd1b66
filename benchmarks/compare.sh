#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs our workloads and the peers' in turn, several rounds, so that a slow spell of the machine hits all of them, and
# prints tables of times, of ratios, and of what is aimed at.
#
#   TF_PYTHON=...        python with benchmarks/peers/requirements_keras.txt  (left out: no Keras figures)
#   TORCH_PYTHON=...     python with benchmarks/peers/requirements.txt        (left out: no PyTorch figures)
#   RUNTIMES_PYTHON=...  the same                                             (left out: no ONNX Runtime, no OpenVINO)
#   PHOTOS=...           folder of photos (.jpg) for M8, and to make M9's of  (left out: neither of them)
#   LARGE=build/large_photos   200 photos of 12 megapixels for M9, made there where they are missing
#   ROUNDS=3  THREADS=2  SECONDS_EACH=3  OUT=build/compare.jsonl
#   WORK="W1 W2 W3 W4 W5 M1 M2 M3 M4 M5 M6 M7 M8 M9"    some of them, in this order
#   COMPILE=0            1: PyTorch by torch.compile, too
#   LOG=build/compare.log   what peers write to stderr
#
# What failed is listed at the end. tiny-dnn and dlib take part where Debian's packages for them are installed (tiny-dnn
# libcereal-dev libgemmlowp-dev, libdlib-dev libblas-dev liblapack-dev).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE          # slow kernels for a current OpenBLAS
rounds=${ROUNDS:-3} threads=${THREADS:-2} seconds=${SECONDS_EACH:-3}
work=${WORK:-W1 W2 W3 W4 W5 M1 M2 M3 M4 M5 M6 M7 M8 M9}
out=$(realpath -m "${OUT:-build/compare.jsonl}") log=$(realpath -m "${LOG:-build/compare.log}")
large=$(realpath -m "${LARGE:-build/large_photos}") networks=build/compare_networks
export BENCH_THREADS=$threads BENCH_SECONDS=$seconds OMP_NUM_THREADS=$threads
export BENCH_PHOTOS=${PHOTOS:-} BENCH_LARGE=$large
mkdir -p "$(dirname "$out")" "$(dirname "$log")" "$networks"
: >"$out"
: >"$log"

bash scripts/install_packages.sh test
cmake --preset bench >/dev/null
cmake --build --preset bench --target experiments_bench modern_bench >&2
ours=build/bench/benchmarks/experiments_bench modern=build/bench/benchmarks/modern_bench

peer_build() { # name source flags...
  local name=$1 source=$2; shift 2
  [ -x "build/bench/$name" ] || g++ -O3 -march=native -fopenmp -w "benchmarks/peers/$source" "$@" -o "build/bench/$name" 2>/dev/null || true
}
mkdir -p build/bench/shim/third_party
ln -sfn /usr/include/stb build/bench/shim/third_party/stb   # where tiny-dnn's package looks for it
peer_build peer_dlib bench_dlib.cpp -std=c++14 -ldlib -lblas -llapack
peer_build peer_tinydnn bench_tinydnn.cpp -std=c++14 -DCNN_USE_OMP -DCNN_USE_AVX -Ibuild/bench/shim -lpthread

rows=() wants_large=0
for w in $work; do
  case $w in
    M[1-4]) rows+=("$w-1" "$w-32") ;;
    M7) rows+=(M7 M7-folded) ;;
    M8) if [ -n "$BENCH_PHOTOS" ]; then rows+=("$w"); else echo "compare.sh: without PHOTOS there is no row M8" >&2; fi ;;
    M9) if [ -n "$BENCH_PHOTOS" ] || [ -d "$large" ]; then rows+=("$w") wants_large=1; else echo "compare.sh: without PHOTOS or LARGE there is no row M9" >&2; fi ;;
    *) rows+=("$w") ;;
  esac
done
if [ "$wants_large" = 1 ] && [ ! -d "$large" ]; then
  "$modern" --make 200 --photos "$BENCH_PHOTOS" --large "$large.unfinished" && mv "$large.unfinished" "$large"
fi
if [ -n "${RUNTIMES_PYTHON:-}" ]; then "$modern" --write "$networks" M1 M2 M2-features M3 M4 W3; fi

run() { "$@" >>"$out" 2>>"$log" || echo "{\"peer\": \"$(basename "$2")\", \"work\": \"${!#}\", \"value\": 0, \"unit\": \"failed\", \"error\": \"ended with $?\"}" >>"$out"; }
for ((round = 1; round <= rounds; ++round)); do
  echo "{\"round\": $round}" >>"$out"
  for w in "${rows[@]}"; do
    echo "round $round of $rounds, $w" >&2
    in_runtimes=("$w")
    case $w in
      M*)
        "$modern" "$w" --threads "$threads" --seconds "$seconds" --photos "$BENCH_PHOTOS" --large "$large" >>"$out"
        keras=benchmarks/peers/bench_modern_keras.py torch=benchmarks/peers/bench_modern_torch.py
        case $w in M5 | M6 | M7*) in_runtimes=() ;; esac ;;
      *)
        "$ours" "$w" --threads "$threads" --seconds "$seconds" >>"$out"
        keras=benchmarks/peers/bench_keras.py torch=benchmarks/peers/bench_torch.py
        if [ "$w" = W3 ]; then in_runtimes=(W3-1 W3-30); else in_runtimes=(); fi ;;
    esac
    if [ -n "${TF_PYTHON:-}" ]; then run "$TF_PYTHON" $keras "$w"; fi
    if [ -n "${TORCH_PYTHON:-}" ]; then
      for layout in cl cf; do BENCH_LAYOUT=$layout run "$TORCH_PYTHON" $torch "$w"; done
      if [ "${COMPILE:-0}" = 1 ]; then BENCH_LAYOUT=cl BENCH_COMPILE=1 run "$TORCH_PYTHON" $torch "$w"; fi
    fi
    if [ -n "${RUNTIMES_PYTHON:-}" ]; then
      for runtime in onnxruntime openvino; do
        for row in ${in_runtimes[@]+"${in_runtimes[@]}"}; do
          run "$RUNTIMES_PYTHON" benchmarks/peers/bench_runtimes.py "$runtime" "$networks" "$row"
        done
      done
    fi
  done
  case " $work " in *" W1 "*)
    for peer in peer_dlib peer_tinydnn; do [ -x "build/bench/$peer" ] && "build/bench/$peer" >>"$out" 2>/dev/null || true; done ;;
  esac
done
python3 benchmarks/ratios.py "$out"
