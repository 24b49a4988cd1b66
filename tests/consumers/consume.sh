#!/usr/bin/env bash
# Takes the library home in one of four ways, in a folder of its own, and runs what was built.
#
#     consume.sh find_package|add_subdirectory|pkg_config|plain COMPILER SOURCE EIGEN BUILD CMAKE WORK [FLAG ...]
#
# The flags are the user's own.
set -euo pipefail
way=$1 compiler=$2 source=$3 eigen=$4 build=$5 cmake=$6 work=$7/$1
shift 7
flags=("$@")
here=$source/tests/consumers
source "$source/tests/support/bare_system.sh"

rm -rf "$work"
mkdir -p "$work"

configure() { # project option ...
  local project=$1
  shift
  "$cmake" -S "$project" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_FLAGS="${flags[*]}" \
           "$@" >/dev/null
  "$cmake" --build "$work/build"
}

case $way in
  find_package)  # the camera of examples/, which runs a model that an earlier version saved
    "$cmake" --install "$build" --prefix "$work/installed" >/dev/null
    cp -r "$source/examples/camera" "$work/camera"
    configure "$work/camera" -DCMAKE_PREFIX_PATH="$work/installed" -DCMAKE_BUILD_TYPE=None
    "$work/build/camera" "$here/pets.safetensors"
    ;;
  add_subdirectory)
    configure "$here/add_subdirectory" -DBRINDLE_SOURCE="$source"
    "$work/build/consumer"
    ;;
  pkg_config)
    "$cmake" --install "$build" --prefix "$work/installed" >/dev/null
    export PKG_CONFIG_PATH=$work/installed/share/pkgconfig
    # shellcheck disable=SC2046
    "$compiler" -std=c++20 "${flags[@]}" $(pkg-config --cflags brindle) "$here/program.cpp" -o "$work/consumer" \
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
  *)
    echo "no such way: $way" >&2
    exit 2
    ;;
esac
