#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing, builds and runs all tests:
#
#   with g++, warnings being errors: everything;
#   with nvcc, where there is one: the tests of the GPU, which skip without a GPU, for one kind of GPU;
#   with clang++, with its warnings: the whole library, and the tests of what computes: kernels, layers, pictures, and
#   the compiled form; with --clang those of training, too. The rest (files, reports, messages, packaging, documentation)
#   says what the library does and not how a compiler translates it; Clang compiles its code as well, with the library,
#   and runs it under the sanitizers in scripts/coverage_asan.sh and scripts/fuzz.sh.
#
#     bash tests/run.sh            all of it
#     bash tests/run.sh --gcc      with g++ only
#     bash tests/run.sh --clang    with clang++ only
#     bash tests/run.sh --cuda     with nvcc only
#
# What takes long to compile is compiled once, and tests link it:
#
#   the CPU kernels of float and double, optimised for this machine as in a header-only program, for the tests of ops; those
#   that call parts of a kernel, or expect its bits of code of their own, compile it themselves (ops_header_only_tests);
#   models of double for the tests above ops, where float is the library's, in the training step of each network, too.
#
# Headers alone make errors_tests, the structure tests and the consumers: whole programs there are those of plain and the
# library as one file; find_package, pkg-config and add_subdirectory show with a small one that they bring what it takes.
# Benchmarks are compiled without optimisation and each in one form: nothing here runs them.
#
# A compiler cache is used if there is one. Tests that need the photos or the real weights skip where these are absent.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

bash scripts/install_packages.sh test
launcher=""
command -v ccache >/dev/null && launcher="-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"
export CCACHE_SLOPPINESS=pch_defines,time_macros # with the tests' precompiled header

configure() { # preset
  echo "== $1"
  # shellcheck disable=SC2086
  cmake --preset "$1" $launcher >/dev/null
}

gcc() {
  configure test
  cmake --build --preset test
  ctest --preset test --parallel "$(nproc)"
}

clang() { # rooms
  local rooms=("$@")
  configure clang
  cmake --build --preset clang --target brindle_compiled one_binary one_file ops_header_only_tests "${rooms[@]/%/_tests}"
  ctest --preset clang --parallel "$(nproc)" --label-regex "^($(IFS='|'; echo "${rooms[*]}")|compiled)\$"
}

cuda() {
  local toolkit
  toolkit=$(dirname "$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)")
  [ -x "$toolkit/nvcc" ] || { echo "== cuda: no nvcc"; return 0; }
  PATH=$toolkit:$PATH configure cuda-test
  timeout 900 cmake --build --preset cuda-test --target cuda_tests predict_without_nvcc cuda_header_only train
  ctest --preset cuda-test --tests-regex '^cuda:'
}

case "${1:-}" in
  "") gcc; cuda; clang core ops nn image ;;
  --gcc) gcc ;;
  --clang) clang core ops nn image train ;;
  --cuda) cuda ;;
  *) echo "usage: $0 [--gcc|--clang|--cuda]" >&2; exit 2 ;;
esac
