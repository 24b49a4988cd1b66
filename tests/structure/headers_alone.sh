#!/usr/bin/env bash
# Each header of the library compiles alone, warnings being errors; those for the GPU where CUDA's headers are.
#
# A header that a program of the compiled form may include does so in that form, without Eigen, JSON and stb: what it does
# not include itself comes from nowhere. Header-only, definitions (<noun>_inl.hpp) do so with what they include; that
# they are then found in the right order from any header is a test of its own, in compiled_form_test.cpp. What is not for
# such programs (kernels, JSON) compiles with the libraries. The library's units and compiled.hpp are left out: the library
# and tests/compiled/ compile them, each alone.
#
# LAUNCHER, from the environment, is a compiler cache or empty: hence objects of one line, and not -fsyntax-only.
set -euo pipefail
compiler=$1 include=$2 eigen=$3 here=$4 out=$5/headers_alone cuda=${8:-}
source "$here/../support/bare_system.sh"
bare_system "$out/system" "$compiler"
flags=(-std=c++20 -O0 -c -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -DBRINDLE_NO_BUILD_ADVICE -I"$include")

compile() { # header
  local with=(-isystem "$eigen" ${cuda:+-isystem "$cuda"}) form="header-only"
  # These need the libraries.
  if ! [[ $1 =~ _inl\.hpp$|definitions\.hpp$|inference_implementation\.hpp$|compiled[./]|cuda \
       || $1 =~ ops/(.*/)?(cpu|eigen|cpu_kernels|cpu_bias_activation|cpu_chunks|micro_kernel|implicit_gemm|tiles|winograd.*)\.hpp$ \
       || $1 =~ image/stb\.hpp$|io/(.*json|keras_config|keras_description|keras_weights)\.hpp$ ]] || [ "$1" = brindle/ops/cpu.hpp ]; then
    with=("${bare[@]}" -DBRINDLE_COMPILED) form="in the compiled form, without Eigen, JSON and stb"
  fi
  local unit=$out/${1//\//_}
  echo "#include \"$1\"" >"$unit.cpp"
  ${LAUNCHER:+"$LAUNCHER"} "$compiler" "${flags[@]}" "${with[@]}" "$unit.cpp" -o "$unit.o" || { echo "does not compile alone, $form: $1" >&2; return 1; }
}

cd "$include"
skip=(! -path '*cuda*')
[ -n "$cuda" ] && skip=()
units='^brindle/compiled(/(core|data|image|inference|io|kernels|models|nn|ops|report|train))?\.hpp$'
mapfile -t headers < <(find brindle -name '*.hpp' "${skip[@]}" | grep -vE "$units" | sort)
[ ${#headers[@]} -gt 300 ] || { echo "expected hundreds of headers, found ${#headers[@]}" >&2; exit 1; }

# As many at a time as there are processors.
workers=$(nproc)
pids=()
for ((worker = 0; worker < workers; ++worker)); do
  (
    good=0
    for ((i = worker; i < ${#headers[@]}; i += workers)); do compile "${headers[i]}" || good=1; done
    exit $good
  ) &
  pids+=($!)
done
status=0
for pid in "${pids[@]}"; do wait "$pid" || status=1; done
exit $status
