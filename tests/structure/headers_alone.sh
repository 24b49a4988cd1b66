#!/usr/bin/env bash
# Each header of the library compiles alone, warnings being errors; those for the GPU where CUDA's headers are.
#
# A header that a program of the compiled form may include does so in that form, without Eigen, JSON and stb: what it does
# not include itself comes from nowhere. What is not for such programs (kernels, JSON) compiles with the libraries.
# Definitions (<noun>_inl.hpp) do so header-only, all in one unit, from the first to the last and from the last to the
# first: what one of them needs does not come from those in front of it. The library's units and compiled.hpp are left
# out: the library and tests/compiled/ compile them, each alone.
#
# LAUNCHER, from the environment, is a compiler cache or empty; a cache wants objects, of one line.
set -euo pipefail
compiler=$1 include=$2 eigen=$3 here=$4 out=$5/headers_alone cuda=${8:-}
source "$here/../support/bare_system.sh"
bare_system "$out/system" "$compiler"
flags=(-std=c++20 -O0 $([ -n "${LAUNCHER:-}" ] && echo -c || echo -fsyntax-only) -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -DBRINDLE_NO_BUILD_ADVICE -I"$include")

compile() { # header
  local with=(-isystem "$eigen" ${cuda:+-isystem "$cuda"}) form="header-only"
  # These need the libraries.
  if ! [[ $1 =~ definitions\.hpp$|inference_implementation\.hpp$|compiled[./]|cuda \
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
definitions='_inl\.hpp$'
units='^brindle/compiled(/(core|data|image|inference|io|kernels|models|nn|ops|report|train))?\.hpp$'
mapfile -t headers < <(find brindle -name '*.hpp' "${skip[@]}" | grep -vE "$units|$definitions" | sort)
mapfile -t inls < <(find brindle -name '*_inl.hpp' | sort)
[ ${#headers[@]} -gt 200 ] && [ ${#inls[@]} -gt 50 ] ||
  { echo "expected hundreds of headers, found ${#headers[@]} and ${#inls[@]} with definitions" >&2; exit 1; }

definitions_in_order() { # name, headers
  local unit=$out/definitions_$1
  shift
  printf '#include "%s"\n' "$@" >"$unit.cpp"
  "$compiler" "${flags[@]}" -isystem "$eigen" "$unit.cpp" -o "$unit.o" || { echo "definitions do not compile: $unit.cpp" >&2; return 1; }
}

# As many at a time as there are processors.
workers=$(nproc)
pids=()
(definitions_in_order forwards "${inls[@]}") &
pids+=($!)
(definitions_in_order backwards $(printf '%s\n' "${inls[@]}" | tac)) &
pids+=($!)
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
