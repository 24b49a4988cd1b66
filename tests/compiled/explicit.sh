#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a unit of the library takes from another one must be instantiated there by name (instantiations.inc): what is so by
# accident, because the unit happens to use it, is gone as soon as the compiler inlines it.
#
#     explicit.sh LIBRARY EXPLICIT_OBJECTS...   LIBRARY: as built; EXPLICIT_OBJECTS: its units without implicit templates
set -euo pipefail
library=$1
shift
# Undefined in a unit, and defined in another one at most as a weak symbol, which is what instantiations are.
wanted() { nm -u "$library" | awk '$1 == "U" || $1 == "w" {print $2}' | sort -u; }
strong() { nm --defined-only "$library" 2>/dev/null | awk '$2 ~ /[TDBRtdbr]/ {print $3}' | sort -u; }
named() { nm --defined-only "$@" 2>/dev/null | awk 'NF == 3 {print $3}' | sort -u; }
weak() { nm --defined-only "$library" 2>/dev/null | awk '$2 ~ /[WVu]/ {print $3}' | sort -u; }
accidental=$(comm -12 <(comm -23 <(comm -23 <(wanted) <(strong)) <(named "$@")) <(weak) | c++filt | grep 'brindle::' || true)
[ -z "$accidental" ] || { echo "not instantiated by name, in include/brindle/*/instantiations.inc:"; echo "$accidental"; exit 1; }
