#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Ctrl-C ends a run with a checkpoint and prints the command that goes on; the run that it starts ends with the figures
# of one that was left alone: ctrl_c.sh PROGRAM FOLDER, with an example program that trains.
set -euo pipefail
program=$1 out=$2 name=$(basename "$1")
run=("$program" --smoke --resume --epochs 60 --checkpoint-seconds 0.001)
rm -rf "$out"
mkdir -p "$out"

"${run[@]}" --out "$out/whole" >"$out/whole.txt"

"${run[@]}" --out "$out/stopped" >"$out/stopped.txt" &
pid=$!
until [ -e "$out/stopped/$name.checkpoint" ] || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done
kill -INT $pid
code=0
wait $pid || code=$?
if [ $code -ne 130 ] || ! grep -q "^stopped after step .*; to go on:" "$out/stopped.txt"; then
  echo "Ctrl-C: expected exit code 130 and the command that goes on, got $code and:" >&2
  cat "$out/stopped.txt" >&2
  exit 1
fi

eval "$(tail -n 1 "$out/stopped.txt")" >"$out/resumed.txt"
grep "^going on from" "$out/resumed.txt"
figures() { cut -d, -f1-5 "$1"; }  # without those of the clock
diff <(figures "$out/whole/$name.csv") <(figures "$out/stopped/$name.csv")
