#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Compiles the library with each compiler that Debian has by name, and writes what came of it into
# docs/results/compilers.csv and the table of docs/portability.md.
#
#     bash scripts/compilers.sh [COMPILER ...]     g++-11 g++-12 clang++-15 clang++-16 clang++-19 clang++-22; default: all
#     EIGEN=FOLDER bash scripts/compilers.sh ...   with the Eigen of this folder, else Debian's
#
# For each standard (C++20, C++23) and, with Clang, each standard library: the whole library as one unit, all warnings being errors, and
# tests/portability/train.cpp, header-only, whose losses and outputs must be those of g++-12. Needs Debian 12 with the
# packages of `scripts/install_packages.sh test`; installs the compilers besides, and takes their libc++ away again where
# another version needs that. One to two minutes a row.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit
work=$root/build/compilers
eigen=${EIGEN:-/usr/include/eigen3}
mkdir -p "$work"
python3 scripts/amalgamate.py "$work" >/dev/null

version_of() { sed -n "s/^#define $1 *\([0-9]*\).*/\1/p" "$eigen/Eigen/src/Core/util/Macros.h" "$eigen/Eigen/Version" 2>/dev/null | head -n 1; }
patch=$(version_of EIGEN_PATCH_VERSION)  # since Eigen 5, whose first number is still said to be 3
eigen_version=${patch:+$(version_of EIGEN_MAJOR_VERSION).$(version_of EIGEN_MINOR_VERSION).$patch}
eigen_version=${eigen_version:-$(version_of EIGEN_WORLD_VERSION).$(version_of EIGEN_MAJOR_VERSION).$(version_of EIGEN_MINOR_VERSION)}
[ "$eigen_version" != .. ] || { echo "compilers.sh: $eigen is no folder of Eigen's headers; EIGEN names the one that has Eigen/Core" >&2; exit 2; }
failures=0

install() { # package ...
  local as_root=""
  [ "$(id -u)" = 0 ] || as_root=sudo
  dpkg-query -W -f='${Status}\n' "$@" 2>/dev/null | grep -vq "ok installed" || [ "$(dpkg-query -W "$@" 2>/dev/null | wc -l)" -lt $# ] || return 0
  $as_root apt-get update -qq
  # Another apt that is at work is waited for: a compiler that Debian has is not called missing for it.
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 "$@" >/dev/null 2>&1
}

row() { # compiler standard library
  local compiler=$1 standard=$2 library=$3 started flags ran="" out=$work/$1-$2-$3 failed="" reference=()
  started=$(date +%s)
  mkdir -p "$out"
  # Clang before 17 knows C++23 by its working name only.
  flags="-std=${standard/c++23/c++2b} -DBRINDLE_NO_BUILD_ADVICE -Iinclude -Itests -isystem $eigen"
  [ "$library" = libstdc++ ] || flags="$flags -stdlib=libc++"
  local link=""
  # Of Clang 22 Debian has the headers and libc++.a; the shared library beside them is that of 19, which lacks functions.
  if [ "$library" = libc++ ] && [ -z "$(apt-cache search --names-only "^libc\+\+1-${compiler##*-}\$")" ]; then link=-static-libstdc++; fi
  echo "== $compiler $standard $library"
  printf '#include "%s"\n' "$work/brindle_all.hpp" >"$out/whole.cpp"
  # shellcheck disable=SC2086
  if "$compiler" $flags -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror "$out/whole.cpp" >"$out/messages" 2>&1; then
    ran="the whole library without a warning"
  else
    failed="the whole library: $(grep -m 1 -E 'error' "$out/messages" | sed "s|$root/||g; s|$work/||g" | cut -c1-160)"
  fi
  if [ -d "$work/reference" ]; then reference=("$work/reference"); fi
  # shellcheck disable=SC2086
  if ! "$compiler" $flags -O2 -march=native tests/portability/train.cpp -pthread $link -o "$out/train" >"$out/messages" 2>&1; then
    failed="$failed${failed:+; }training: $(grep -m 1 -E 'error' "$out/messages" | cut -c1-160)"
  elif ! timeout 300 "$out/train" "$out/numbers" "${reference[@]}" >"$out/output" 2>&1; then
    failed="$failed${failed:+; }training: $( { grep -m 1 -i failed "$out/output" || tail -n 1 "$out/output"; } | cut -c1-160)"
  elif [ ${#reference[@]} -gt 0 ]; then
    ran="$ran${ran:+; }training, saving, loading: the numbers of g++-12"
  else
    ran="$ran${ran:+; }training, saving, loading: the numbers that others are compared with"
    cp -r "$out/numbers" "$work/reference"
  fi
  [ -z "$failed" ] || { echo "FAILED $failed"; failures=$((failures + 1)); }
  python3 scripts/compilers_table.py record "$compiler" "$("$compiler" --version | head -n 1)" "$standard" "$library" "$eigen_version" \
    "${ran:-nothing}" "$failed" $(($(date +%s) - started))
}

compiler() { # name
  local standard number=${1##*-}
  case "$1" in
    g++-*) install "$1" || { echo "$1: Debian has none here" >&2; failures=$((failures + 1)); return; } ;;
    clang++-*) install "clang-$number" || { echo "$1: Debian has none here" >&2; failures=$((failures + 1)); return; } ;;
    *) echo "compilers.sh: $1 is not g++-N or clang++-N" >&2; exit 2 ;;
  esac
  for standard in c++20 c++23; do row "$1" $standard libstdc++; done
  [ "${1%%-*}" = clang++ ] || return 0
  install "libc++-$number-dev" "libc++abi-$number-dev" || { echo "libc++ $number: cannot be installed" >&2; failures=$((failures + 1)); return; }
  for standard in c++20 c++23; do row "$1" $standard libc++; done
}

[ $# -gt 0 ] || set -- g++-12 g++-11 clang++-15 clang++-16 clang++-19 clang++-22
[ -d "$work/reference" ] || { compiler g++-12; done_reference=yes; }
[ -d "$work/reference" ] || { echo "compilers.sh: g++-12 gave no numbers to compare with, see $work/g++-12-c++20-libstdc++/output" >&2; exit 1; }
for name; do
  [ "$name" = g++-12 ] && [ -n "${done_reference:-}" ] && continue
  compiler "$name"
done
[ $failures -eq 0 ] || { echo "compilers.sh: $failures of the above failed or could not be installed" >&2; exit 1; }
