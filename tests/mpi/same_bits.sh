#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# One process without MPI's starter, and 1, 2 and 4 with it, end with the same bits; what is wrong in one process ends all with
# one line: same_bits.sh MPIEXEC RUN_OVER_MPI FOLDER
set -euo pipefail
MPIEXEC=$1 program=$2 folder=$3
source "$(dirname "$0")/run.sh"
rm -rf "$folder"
mkdir -p "$folder"

"$program" "$folder/alone" 3
for count in 1 2 4; do
  start "$count" "$program" "$folder/$count" 3
  cmp "$folder/alone" "$folder/$count"
done

# Started by something that this MPI does not know, as srun without --mpi=pmix.
if SLURM_STEP_NUM_TASKS=2 "$program" "$folder/apart" 3 >"$folder/apart.txt" 2>&1; then
  echo "a process that does not know the other one ends with success" >&2
  exit 1
fi
grep -q "SLURM_STEP_NUM_TASKS says that 2 processes were started, MPI knows one" "$folder/apart.txt"

fails() {  # WHAT LINE: the run ends, and the line is there once
  local said="$folder/$1.txt"
  if timeout 60 bash -c 'source "$0"; start 4 "${@:1}"' "$(dirname "$0")/run.sh" "$program" "$folder/wrong" 3 "$folder/$1.checkpoint" "$1" >"$said" 2>&1; then
    echo "a run with a wrong $1 in one process ends with success" >&2
    exit 1
  fi
  if [ "$(grep -c "$2" "$said")" != 1 ]; then
    cat "$said" >&2
    echo "expected once, with a wrong $1 in one process: $2" >&2
    exit 1
  fi
}
export MPIEXEC
fails batch "^run_over_mpi: fit: a process is not of the same run: its batch is 20, that of rank 0 is 10"
fails data "^run_over_mpi: photo.13.jpg: is missing \[rank 3 of 4\]$"
fails alone "^run_over_mpi: this process has no memory left$"
fails call "^run_over_mpi: MpiGroup: rank 3 is in a call in which rank 2 is not: that one has ended;"
fails callback "^run_over_mpi: processes that train together are in different calls: rank 2 in a callback of fit(), rank 3 in evaluate();"
fails later "^run_over_mpi: this process has no memory left$"
