#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The walkthrough from end to end: experiments 1 to 7 at full length, then their tables and figures for docs/results.md.
#
#     bash scripts/walkthrough.sh DATA WEIGHTS OUT [--device cuda] [--precision tf32] ...
#
#     DATA      folder with training_data/, validation_data/ and test_data/, as prepare_data makes it
#     WEIGHTS   VGG16's ImageNet weights without the top
#     OUT       folder outside of the source tree: programs, checkpoints, models, curves, logs
#     the rest  options of the example programs, the same for all of them
#
# Ten hours or more on two cores, at the lowest priority. Ctrl-C, a crash or a new day do no
# harm: the same command goes on where the last one was. A run that has its model is not repeated. The programs are built
# once and kept in OUT/programs, so a run ends with the version that it began with; delete that folder for new ones.
# OUT/NAME/ran_on.csv has a line for each time that a run was begun or taken up: version, processor or GPU, date.
#
# The tables are written at the end; before it, python3 scripts/walkthrough_results.py OUT takes the runs that have ended.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
fail() { echo "walkthrough.sh: $*" >&2; exit 1; }
[ $# -ge 3 ] || fail "usage: walkthrough.sh DATA WEIGHTS OUT [--device cuda] [--precision tf32]"
data=$(realpath -e "$1") || fail "DATA: there is no $1"
weights=$(realpath -e "$2") || fail "WEIGHTS: there is no $2"
out=$(realpath -m "$3")
options=("${@:4}")
for part in training_data validation_data test_data; do
  [ -d "$data/$part" ] || fail "DATA: $data has no $part/; prepare_data makes it"
done
case "$out/" in "$root"/*) fail "OUT: $out lies in the source tree, where a clean-up would delete days of work" ;; esac
mkdir -p "$out"
exec 9>"$out/lock"
flock -n 9 || fail "OUT: another walkthrough.sh is at work in $out"
renice -n 19 $$ >/dev/null
# Where the kernel shares the processor among sessions, a program's own priority counts within its session alone. The
# session is the terminal's, with all else that was started there, so that it gets its own priority back at the end.
if [ -w /proc/$$/autogroup ]; then
  priority=$(sed 's/.* nice //' /proc/$$/autogroup)
  trap 'echo "$priority" >/proc/$$/autogroup' EXIT
  echo 19 >/proc/$$/autogroup
fi

# Each run: its folder, program, seed and what else it is told. Those that take hours come last.
runs=(
  "vgg16_features        vgg16_features 42"
  "vgg16_features_caffe  vgg16_features 42 --preprocess caffe"
  "baseline              baseline       42"
  "dropout               dropout        42"
  "augmentation          augmentation   42"
  "vgg16_features_43     vgg16_features 43"
  "vgg16_features_44     vgg16_features 44"
  "baseline_43           baseline       43"
  "baseline_44           baseline       44"
  "dropout_43            dropout        43"
  "dropout_44            dropout        44"
  "augmentation_43       augmentation   43"
  "augmentation_44       augmentation   44"
  "vgg16_frozen          vgg16_frozen   42"
  "vgg16_finetune        vgg16_finetune 42"
  "vgg16_frozen_caffe    vgg16_frozen   42 --preprocess caffe"
  "vgg16_finetune_caffe  vgg16_finetune 42 --preprocess caffe"
)
compared=(baseline dropout augmentation vgg16_features vgg16_frozen vgg16_finetune vgg16_features_caffe vgg16_frozen_caffe
          vgg16_finetune_caffe)  # by experiment 7

processor() { lscpu | sed -n 's/^Model name: *//p' | head -n 1; }
features() { lscpu | sed -n 's/^Flags: *//p' | md5sum | cut -c 1-8; }  # what -march=native depends on

build() {
  local cuda=AUTO
  case " ${options[*]-} " in *" cuda "*) cuda=ON ;; *" cpu "*) cuda=OFF ;; esac
  command -v nvidia-smi >/dev/null || [ $cuda = ON ] || cuda=OFF  # nvcc alone would only make the build longer
  rm -rf "$out/programs" "$out/programs.new"
  cmake -S "$root" -B "$root/build/walkthrough" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBRINDLE_TESTS=OFF \
        -DBRINDLE_BENCHMARKS=OFF -DBRINDLE_COMPILED_ISAS=native -DBRINDLE_CUDA=$cuda >/dev/null
  local programs=(baseline dropout augmentation vgg16_features vgg16_frozen vgg16_finetune evaluate)
  cmake --build "$root/build/walkthrough" --target "${programs[@]}"
  mkdir "$out/programs.new"
  for program in "${programs[@]}"; do cp "$root/build/walkthrough/examples/$program" "$out/programs.new/"; done
  git -C "$root" describe --always --dirty --abbrev=7 2>/dev/null >"$out/programs.new/version" ||
    echo "not under git" >"$out/programs.new/version"
  features >"$out/programs.new/processor"
  mv "$out/programs.new" "$out/programs"
}

if [ "$(cat "$out/programs/processor" 2>/dev/null)" != "$(features)" ]; then
  [ ! -d "$out/programs" ] || echo "the programs in $out/programs were built for another processor: building them again"
  build
fi

device_name() {
  case " ${options[*]-} " in
    *" cuda "*) nvidia-smi --query-gpu=name --format=csv,noheader | head -n 1 ;;
    *) echo "$(processor), $(nproc) cores" ;;
  esac
}

for line in "${runs[@]}"; do
  read -r name program seed more <<<"$line"
  folder=$out/$name
  [ ! -e "$folder/$program.safetensors" ] || continue
  mkdir -p "$folder"
  command=("$out/programs/$program" --data "$data" --seed "$seed" --out "$folder" "${options[@]}")
  case "$program" in vgg16*) command+=(--weights "$weights") ;; esac
  # shellcheck disable=SC2206
  [ -z "$more" ] || command+=($more)
  # The features do not depend on the seed.
  [ "$program" != vgg16_features ] || [ -n "$more" ] || [ "$seed" = 42 ] ||
    cp "$out"/vgg16_features/{training,validation}.safetensors "$folder/"
  [ ! -e "$folder/$program.checkpoint" ] || command+=(--resume)
  [ -e "$folder/ran_on.csv" ] || echo "version;device;options;date" >"$folder/ran_on.csv"
  echo "$(cat "$out/programs/version");$(device_name);${options[*]-};$(date -u +%FT%TZ)" >>"$folder/ran_on.csv"
  echo "$(date -u +%T) $name"
  "${command[@]}" >>"$folder/log" 2>&1 ||
    fail "$name ended with exit code $?; its last lines are below. The same command goes on with it
$(tail -n 5 "$folder/log")"
done

models=()
for name in "${compared[@]}"; do
  for model in "$out/$name"/*.safetensors; do
    case "$model" in */training.safetensors | */validation.safetensors) ;; *) models+=("$model") ;; esac
  done
done
"$out/programs/evaluate" --data "$data" --models "${models[@]}" --out "$out/evaluate" "${options[@]}" >"$out/evaluate.log" 2>&1 ||
  fail "evaluate: $(tail -n 3 "$out/evaluate.log")"
python3 "$root/scripts/walkthrough_results.py" "$out"
