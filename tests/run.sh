#!/usr/bin/env bash
# Installs what is missing, builds and runs all tests: with g++, then with clang++, warnings being errors in both.
#
#     bash tests/run.sh            all of it
#     bash tests/run.sh --gcc      the first half
#     bash tests/run.sh --clang    the second half
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

case "${1:-}" in
  "") run release; run clang ;;
  --gcc) run release ;;
  --clang) run clang ;;
  *) echo "usage: $0 [--gcc|--clang]" >&2; exit 2 ;;
esac
