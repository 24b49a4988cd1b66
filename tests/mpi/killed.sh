#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A run one of whose processes is killed at a random moment, again and again, and that goes on each time with another number
# of processes, ends with the bits of one that is not killed: killed.sh MPIEXEC RUN_OVER_MPI FOLDER [KILLS] [EPOCHS]
set -euo pipefail
MPIEXEC=$1 program=$2 folder=$3 wanted=${4:-30} epochs=${5:-100}
source "$(dirname "$0")/run.sh"
rm -rf "$folder"
mkdir -p "$folder"
RANDOM=17

"$program" "$folder/whole" "$epochs"
kills=0 runs=0 count=4 counts=""
while [ "$kills" -lt "$wanted" ]; do
  checkpoint="$folder/run$runs.checkpoint"
  while :; do  # the same run until it has come to its end
    before=$count
    while [ "$count" = "$before" ]; do count=$((1 << RANDOM % 3)); done
    rm -f "$folder"/outcome*
    start "$count" "$program" "$folder/outcome" "$epochs" "$checkpoint" >"$folder/said.txt" 2>&1 &
    starter=$!
    victim="$folder/outcome.pid.$((RANDOM % count))"
    for _ in $(seq 400); do [ -s "$victim" ] && break; sleep 0.02; done
    sleep "0.$(printf %03d $((RANDOM % 700)))"
    killed=0
    kill -KILL "$(cat "$victim")" 2>/dev/null && killed=1
    if wait "$starter"; then break; fi
    if [ "$killed" = 0 ]; then
      cat "$folder/said.txt" >&2
      echo "a run that was not killed has failed" >&2
      exit 1
    fi
    kills=$((kills + 1)) counts="$counts $count"
  done
  runs=$((runs + 1))
  cmp "$folder/whole" "$folder/outcome"
done
echo "$kills kills in $runs runs, of runs with$counts processes"
