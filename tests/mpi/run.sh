# SPDX-License-Identifier: MIT
# How the tests start processes: source run.sh, then `start COUNT PROGRAM ...`. As root, and more processes than cores, as in
# containers; each of one thread, and not bound to a core. MPICH knows none of these words and needs none.
if "$MPIEXEC" --version 2>&1 | grep -qi "open.\?mpi\|openrte"; then
  words=(--oversubscribe --bind-to none)
  [ "$(id -u)" = 0 ] && words+=(--allow-run-as-root)
else
  words=()
fi
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_rmaps_base_oversubscribe=1

start() {
  local count=$1
  shift
  "$MPIEXEC" "${words[@]}" -n "$count" "$@"
}
