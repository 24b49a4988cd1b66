#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs our workloads and the peers' in turn, several rounds, so that a slow spell of the machine hits all of them, and
# prints a table of ratios.
#
#   TF_PYTHON=...     python with tensorflow-cpu, pillow, scipy   (left out: no Keras figures)
#   TORCH_PYTHON=...  python with torch, numpy                    (left out: no PyTorch figures)
#   ROUNDS=3  THREADS=2  SECONDS_EACH=3  WORK="W1 W2 W3 W4 W5"  OUT=build/compare.jsonl
#
# tiny-dnn and dlib take part where Debian's packages for them are installed (tiny-dnn libcereal-dev libgemmlowp-dev,
# libdlib-dev libblas-dev liblapack-dev).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE          # slow kernels for a current OpenBLAS
rounds=${ROUNDS:-3} threads=${THREADS:-2} seconds=${SECONDS_EACH:-3} work=${WORK:-W1 W2 W3 W4 W5}
out=$(realpath -m "${OUT:-build/compare.jsonl}")
export BENCH_THREADS=$threads BENCH_SECONDS=$seconds OMP_NUM_THREADS=$threads
mkdir -p "$(dirname "$out")"
: >"$out"

bash scripts/install_packages.sh test
cmake --preset bench >/dev/null
cmake --build --preset bench --target experiments_bench >&2
ours=build/bench/benchmarks/experiments_bench

peer_build() { # name source flags...
  local name=$1 source=$2; shift 2
  [ -x "build/bench/$name" ] || g++ -O3 -march=native -fopenmp -w "benchmarks/peers/$source" "$@" -o "build/bench/$name" 2>/dev/null || true
}
mkdir -p build/bench/shim/third_party
ln -sfn /usr/include/stb build/bench/shim/third_party/stb   # where tiny-dnn's package looks for it
peer_build peer_dlib bench_dlib.cpp -std=c++14 -ldlib -lblas -llapack
peer_build peer_tinydnn bench_tinydnn.cpp -std=c++14 -DCNN_USE_OMP -DCNN_USE_AVX -Ibuild/bench/shim -lpthread

for ((round = 1; round <= rounds; ++round)); do
  for w in $work; do
    echo "round $round of $rounds, $w" >&2
    "$ours" "$w" --threads "$threads" --seconds "$seconds" >>"$out"
    if [ -n "${TF_PYTHON:-}" ]; then "$TF_PYTHON" benchmarks/peers/bench_keras.py "$w" >>"$out" 2>/dev/null || true; fi
    if [ -n "${TORCH_PYTHON:-}" ]; then
      for layout in cl cf; do BENCH_LAYOUT=$layout "$TORCH_PYTHON" benchmarks/peers/bench_torch.py "$w" >>"$out" 2>/dev/null || true; done
    fi
  done
  case " $work " in *" W1 "*)
    for peer in peer_dlib peer_tinydnn; do [ -x "build/bench/$peer" ] && "build/bench/$peer" >>"$out" 2>/dev/null || true; done ;;
  esac
done
python3 benchmarks/ratios.py "$out"
