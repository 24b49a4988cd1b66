#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs the Debian packages of a group that are missing: build (library and examples), test (the tests as well).
#
#     bash scripts/install_packages.sh build|test
set -euo pipefail

build="g++ cmake ninja-build libeigen3-dev libstb-dev libcli11-dev nlohmann-json3-dev"
test="$build catch2 clang-16 libclang-rt-16-dev clang-format-14 libbenchmark-dev libhdf5-dev libopenmpi-dev libturbojpeg0-dev libwebp-dev openmpi-bin zlib1g-dev git pkg-config python3 doxygen qemu-user"

case "${1:-}" in
  build) wanted=$build ;;
  test) wanted=$test ;;
  *) echo "usage: $0 build|test" >&2; exit 2 ;;
esac

missing=""
for package in $wanted; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "Please install what these Debian packages hold:$missing" >&2
  exit 1
fi
as_root=""
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "Please install as root: apt-get install$missing" >&2; exit 1; }
  as_root="sudo"
fi
echo "Installing:$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
