#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Takes the library home in one of its ways, in a folder of its own, and runs what was built.
#
#     consume.sh WAY COMPILER SOURCE EIGEN BUILD CMAKE WORK LIBRARY_OBJECT LAUNCHER ISA [FLAG ...]
#
# WAY is find_package or add_subdirectory, both forms; pkg_config or plain, header-only; or compiled_plain, the compiled form
# without CMake, with the library as the object that tests/compiled/ has made of one source file. LAUNCHER is a compiler
# cache, or empty; ISA what BRINDLE_COMPILED_ISAS is for find_package. The flags are the user's own.
set -euo pipefail
way=$1 compiler=$2 source=$3 eigen=$4 build=$5 cmake=$6 work=$7/$1 library=$8 launcher=$9 isa=${10}
shift 10
flags=("$@")
here=$source/tests/consumers
source "$source/tests/support/bare_system.sh"

rm -rf "$work"
mkdir -p "$work"

configure() { # project option ...
  local project=$1
  shift
  "$cmake" -S "$project" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_FLAGS="${flags[*]}" \
           -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" -DCMAKE_BUILD_TYPE=None "$@" >/dev/null
  "$cmake" --build "$work/build"
}

case $way in
  find_package)  # the camera of examples/ runs a model that an earlier version saved
    "$cmake" --install "$build" --prefix "$work/installed" >/dev/null
    cp -r "$source/examples/camera" "$work/camera"
    configure "$here/find_package" -DCMAKE_PREFIX_PATH="$work/installed" -DCAMERA="$work/camera" -DBRINDLE_COMPILED_ISAS="$isa"
    cd "$work"
    build/header_only
    build/compiled
    build/compiled_double
    build/camera/camera "$here/pets.safetensors"
    ;;
  add_subdirectory)  # the kernels of the project's flags; those of several instruction sets are tested elsewhere
    configure "$here/add_subdirectory" -DBRINDLE_SOURCE="$source" -DBRINDLE_COMPILED_ISAS=none
    cd "$work"
    build/header_only
    build/compiled
    ;;
  pkg_config)
    "$cmake" --install "$build" --prefix "$work/installed" >/dev/null
    export PKG_CONFIG_PATH=$work/installed/share/pkgconfig
    # shellcheck disable=SC2046
    "$compiler" -std=c++20 "${flags[@]}" $(pkg-config --cflags brindle) "$here/small_program.cpp" -o "$work/consumer" \
                $(pkg-config --libs brindle)
    "$work/consumer"
    ;;
  plain)
    bare_system "$work/system" "$compiler" "${flags[@]}"
    "$compiler" -std=c++20 "${flags[@]}" -I"$source/include" -isystem "$eigen" "${bare[@]}" \
                "$here/program.cpp" -o "$work/consumer" -pthread
    "$work/consumer"
    # What needs more says so.
    if "$compiler" -std=c++20 "${flags[@]}" -I"$source/include" -isystem "$eigen" "${bare[@]}" \
                   -fsyntax-only -x c++ - <<<'#include <brindle/io/saved_model.hpp>' 2>"$work/message"; then
      echo "saved_model.hpp compiled without nlohmann/json: this test hides it no longer" >&2
      exit 1
    fi
    grep -q 'need nlohmann/json on the include path' "$work/message" || { cat "$work/message" >&2; exit 1; }
    ;;
  compiled_plain)
    bare_system "$work/system" "$compiler" "${flags[@]}"
    "$compiler" -std=c++20 "${flags[@]}" -DBRINDLE_COMPILED -I"$source/include" "${bare[@]}" "$here/compiled_program.cpp" \
                "$library" -o "$work/consumer" -pthread
    cd "$work"
    ./consumer
    ;;
  *)
    echo "no such way: $way" >&2
    exit 2
    ;;
esac
