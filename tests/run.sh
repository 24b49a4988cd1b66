#!/usr/bin/env bash
# Installs what is missing, builds and runs all tests: with g++, warnings being errors; those of the GPU with nvcc, which
# skip without a GPU; then all with clang++, with its warnings.
#
#     bash tests/run.sh            all of it
#     bash tests/run.sh --gcc      with g++ only
#     bash tests/run.sh --clang    with clang++ only
#     bash tests/run.sh --cuda     with nvcc only, where there is one: for one kind of GPU, a quarter of an hour at most
#
# A compiler cache is used if there is one. Tests that need the photos or the real weights skip where these are absent.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

bash scripts/install_packages.sh test
launcher=""
command -v ccache >/dev/null && launcher="-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"

run() { # preset
  echo "== $1"
  # shellcheck disable=SC2086
  cmake --preset "$1" $launcher >/dev/null
  cmake --build --preset "$1"
  ctest --preset "$1" --parallel "$(nproc)"
}

cuda() {
  local toolkit
  toolkit=$(dirname "$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)")
  [ -x "$toolkit/nvcc" ] || { echo "== cuda: no nvcc"; return 0; }
  echo "== cuda"
  # shellcheck disable=SC2086
  PATH=$toolkit:$PATH cmake --preset cuda $launcher -DCMAKE_CUDA_ARCHITECTURES=90 -DBRINDLE_BENCHMARKS=OFF >/dev/null
  timeout 900 cmake --build --preset cuda --target cuda_tests predict_without_nvcc baseline train
  ctest --preset cuda --tests-regex '^cuda:'
}

case "${1:-}" in
  "") run test; cuda; run clang ;;
  --gcc) run test ;;
  --clang) run clang ;;
  --cuda) cuda ;;
  *) echo "usage: $0 [--gcc|--clang|--cuda]" >&2; exit 2 ;;
esac
