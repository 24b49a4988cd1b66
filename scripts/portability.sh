#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the library for other systems, runs programs and tests of it there, emulated, and writes what came of it into
# docs/results/portability.csv and the table of docs/portability.md.
#
#     bash scripts/portability.sh [TARGET ...]     host aarch64 riscv64 s390x armhf windows wasm; default: all
#
# Needs Debian 12 with the packages of `scripts/install_packages.sh test`; installs the compilers and emulators besides.
# The first target is the host, whose results the others compare theirs with. A target takes 5 to 30 minutes on one core.
# The library is compiled once a target, as the compiled form; what includes headers only says so.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit
work=$root/build/portability
headers=$work/headers
reference=$work/host/train

need() { # package ...
  local missing="" package as_root=""
  for package; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || { echo "portability.sh: needs Debian's packages$missing" >&2; exit 1; }
  [ "$(id -u)" = 0 ] || as_root=sudo
  echo "Installing:$missing"
  $as_root apt-get update -qq
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null || exit 1
}

# Headers that are the same for every system, and no others of the host's.
link_headers() {
  mkdir -p "$headers"
  local name
  for name in eigen3 stb nlohmann catch2 CLI; do ln -sfn "/usr/include/$name" "$headers/$name"; done
}

# Sets up a target: its folder, compiler, the command that runs a program, and a sentence about that.
begin() { # target system compiler launcher
  target=$1 system=$2 compiler=$3 launcher=$4
  out=$work/$target
  programs="train files names killed"
  mkdir -p "$out/bin" "$out/examples"
  link_headers
  passed=0 failed=0 ran="" ending="" link="-pthread" started=$(date +%s)
  common="-std=c++20 -DBRINDLE_NO_BUILD_ADVICE -Iinclude -Itests -isystem $headers/eigen3 -isystem $headers"
  : >"$out/log"
  echo "== $target"
}

# A compiler that fails is a failure of the target, with its first error.
compile() { # what flag ...
  local what=$1
  shift
  # shellcheck disable=SC2086
  $compiler $common "$@" >"$out/messages" 2>&1 && return 0
  fail "$what does not compile: $(grep -m 1 -E 'error|undefined' "$out/messages")"
  return 1
}

# Whether something is as new as its source and as the library, and so as all headers.
is_new() { [ "$1" -nt "$2" ] && [ "$1" -nt "$out/library.o" ]; } # made source

fail() { failed=$((failed + 1)) && echo "FAILED $*" | tee -a "$out/log"; }

# Runs a program and adds what its last line says, "passed 12 failed 0"; one that ends otherwise has failed.
counted() { # what command ...
  local what=$1 line rc
  shift
  timeout 1800 "$@" >"$out/output" 2>&1
  rc=$?
  tr -d '\r' <"$out/output" >"$out/output.txt"
  { echo "-- $what" && cat "$out/output.txt"; } >>"$out/log"
  line=$(grep -E '^passed [0-9]+ failed [0-9]+$' "$out/output.txt" | tail -n 1)
  if [ -z "$line" ]; then
    fail "$what ended with $rc and no result: $(tail -n 1 "$out/output.txt")"
    return
  fi
  # shellcheck disable=SC2086
  set -- $line
  passed=$((passed + $2)) failed=$((failed + $4))
  [ "$4" = 0 ] || grep '^FAILED' "$out/output.txt"
}

# The compiled form, once, and again when a header has changed.
library() { # optimisation and instruction flags
  [ -e "$out/library.o" ] && [ -z "$(find include tests/support tests/portability/*.hpp -newer "$out/library.o" -print -quit)" ] && return 0
  echo '#include <brindle/compiled.hpp>' >"$out/library.cpp"
  compile "the library" "$@" -DBRINDLE_COMPILED -c "$out/library.cpp" -o "$out/library.o"
}

# The programs of tests/portability: each writes its files, and reads those of the host.
run_programs() {
  local name
  for name in $programs; do
    is_new "$out/bin/$name$ending" "tests/portability/$name.cpp" && continue
    # shellcheck disable=SC2086
    compile "$name" -O0 -DBRINDLE_COMPILED "tests/portability/$name.cpp" "$out/library.o" -o "$out/bin/$name$ending" $link || return
  done
  ran="training, files, names, reduced copies"
  rm -rf "$out/train" "$out/files" "$out/names" "$out/killed"
  local against=""
  [ "$target" = host ] || against=$reference
  # shellcheck disable=SC2086
  counted "train" $launcher "$out/bin/train$ending" "$out/train" $against
  # shellcheck disable=SC2086
  counted "files write" $launcher "$out/bin/files$ending" write "$out/files"
  # shellcheck disable=SC2086
  counted "files read" $launcher "$out/bin/files$ending" read "$out/files"
  # shellcheck disable=SC2086
  counted "names" $launcher "$out/bin/names$ending" "$out/names"
  if [ "$target" != host ]; then
    # shellcheck disable=SC2086
    counted "files of the host" $launcher "$out/bin/files$ending" read "$work/host/files"
    counted "files of $target, on the host" "$work/host/bin/files" read "$out/files"
    same_bytes
  fi
  case $programs in *killed*) killed_run && ran="$ran, a run that is killed" ;; esac
}

# What holds no figure that was computed is the same file, byte by byte.
same_bytes() {
  local file
  for file in arrays.safetensors model.safetensors model.keras model.h5 model.weights.h5 model.onnx array.npy picture.bmp picture.png; do
    if cmp -s "$out/files/$file" "$work/host/files/$file"; then passed=$((passed + 1)); else fail "$file has other bytes than the host's"; fi
  done
}

# A run that is ended again and again, at first after a fifth of the time that it takes, each time a little later, until
# it is through; then it has the bits of one that nobody ended.
killed_run() {
  local folder=$out/killed begun seconds times=0
  begun=$(date +%s.%N)
  # shellcheck disable=SC2086
  counted "a run" $launcher "$out/bin/killed$ending" "$folder" 0
  seconds=$(awk "BEGIN { print ($(date +%s.%N) - $begun) / 5 }")
  mv "$folder/outcome.txt" "$folder/undisturbed.txt" 2>/dev/null
  rm -f "$folder"/run.checkpoint*
  while [ $times -lt 40 ]; do
    # shellcheck disable=SC2086
    (timeout 300 $launcher "$out/bin/killed$ending" "$folder" "$seconds"; true) >"$out/output" 2>&1
    [ -e "$folder/outcome.txt" ] && break
    times=$((times + 1))
    seconds=$(awk "BEGIN { print $seconds * 1.2 }")
  done
  tr -d '\r' <"$out/output" >"$out/output.txt"
  echo "-- the run was ended $times times" >>"$out/log"
  cat "$out/output.txt" >>"$out/log"
  [ $times -gt 0 ] || fail "the run was never ended"
  if grep -q '^passed 2 failed 0$' "$out/output.txt"; then passed=$((passed + 2)); else fail "a run that was ended: $(tail -n 1 "$out/output.txt")"; fi
  return 0
}

# The programs train and verify of examples/: verify lets train learn from pictures that it draws, twice, and compares bits.
run_verify() {
  local objects=() name
  for name in command_line drawn_pets example device bases processes run_program train verify; do
    is_new "$out/example_$name.o" "examples/$name.cpp" ||
      compile "examples/$name.cpp" -O0 -DBRINDLE_COMPILED -c "examples/$name.cpp" -o "$out/example_$name.o" || return
    case $name in train | verify) ;; *) objects+=("$out/example_$name.o") ;; esac
  done
  for name in train verify; do
    # shellcheck disable=SC2086
    compile "$name" "$out/example_$name.o" "${objects[@]}" "$out/library.o" -o "$out/examples/$name$ending" $link || return
  done
  rm -rf "$out/verified twice"  # with a space, as folders of Windows have
  # shellcheck disable=SC2086
  timeout 1800 $launcher "$out/examples/verify$ending" --smoke --out "$out/verified twice" >"$out/output" 2>&1
  { echo "-- verify" && tr -d '\r' <"$out/output"; } | tee -a "$out/log" >"$out/output.txt"
  if grep -q '^the same bits: ' "$out/output.txt"; then passed=$((passed + 1)); else fail "verify: $(tail -n 1 "$out/output.txt")"; fi
  ran="$ran, examples/verify"
}

# Rooms of the library's own tests, "nn", or some files of a room, "nn:layers,folded", but for what is named behind "--",
# Catch2's way to leave out tests.
run_tests() { # room[:noun,...] ... [-- ~test ...]
  local rooms=() source sources objects room files name
  while [ $# -gt 0 ] && [ "$1" != -- ]; do rooms+=("$1") && shift; done
  [ $# -eq 0 ] || shift
  printf '%s\n' '#include <catch2/catch.hpp>' '#include <brindle/brindle.hpp>' '#include <brindle/io/saved_model.hpp>' \
    '#include <brindle/train/checkpoint.hpp>' >"$out/precompiled.hpp"
  local flags="-O0 -DBRINDLE_COMPILED"
  is_new "$out/precompiled.hpp.gch" tests/support/main.cpp || compile "the precompiled headers" $flags -x c++-header "$out/precompiled.hpp" -o "$out/precompiled.hpp.gch" || return
  compile "Catch2" -O0 -c tests/support/main.cpp -o "$out/catch.o" || return
  # Models of double, which the tests have in place of compiling them each.
  # shellcheck disable=SC2086
  is_new "$out/double_models.o" tests/support/double_models.cpp || compile "models of double" $flags -c tests/support/double_models.cpp -o "$out/double_models.o" || return
  is_new "$out/double_kernels.o" tests/support/double_kernels.cpp || compile "kernels of double" -O1 -c tests/support/double_kernels.cpp -o "$out/double_kernels.o" || return
  for room in "${rooms[@]}"; do
    objects=() files=""
    case $room in *:*) files=${room#*:} room=${room%%:*} ;; esac
    sources=(tests/"$room"/*_test.cpp)
    # shellcheck disable=SC2086
    [ -z "$files" ] || mapfile -t sources < <(printf "tests/$room/%s_test.cpp\n" ${files//,/ })
    for source in "${sources[@]}"; do
      name=$out/${room}_$(basename "$source" .cpp).o
      # shellcheck disable=SC2086
      is_new "$name" "$source" || compile "$source" $flags -DBRINDLE_GOLDENS='"tests/goldens"' -include "$out/precompiled.hpp" -c "$source" -o "$name" || continue
      objects+=("$name")
    done
    # shellcheck disable=SC2086
    compile "tests/$room" "${objects[@]}" "$out/catch.o" "$out/double_models.o" "$out/double_kernels.o" "$out/library.o" -o "$out/tests_$room$ending" $link || continue
    catch_tests "tests/$room" "$out/tests_$room$ending" "$@"
    ran="$ran, tests/$room${files:+ (${files//,/ })}"
  done
}

# Tests of the kernels, from headers alone, optimised.
run_kernel_tests() { # optimisation op ...
  local objects=() op source name optimisation=$1
  shift
  for op; do
    source=tests/ops/${op}_test.cpp
    name=$out/ops_$op.o
    is_new "$name" "$source" || compile "$source" "$optimisation" -DBRINDLE_GOLDENS='"tests/goldens"' -c "$source" -o "$name" || continue
    objects+=("$name")
  done
  # shellcheck disable=SC2086
  compile "tests/ops" "${objects[@]}" "$out/catch.o" -o "$out/tests_ops$ending" $link || return
  catch_tests "tests/ops" "$out/tests_ops$ending"
  ran="$ran, tests/ops ($*)"
}

# Counts test cases: Catch2 says "All tests passed (.. assertions in N test cases)", or "test cases: N | P passed | F failed".
catch_tests() { # what program argument ...
  local what=$1 line
  shift
  # shellcheck disable=SC2086
  timeout 3600 $launcher "$@" >"$out/output" 2>&1
  tr -d '\r' <"$out/output" >"$out/output.txt"
  { echo "-- $what" && cat "$out/output.txt"; } >>"$out/log"
  line=$(grep -E '^(All tests passed|test cases:)' "$out/output.txt" | tail -n 1)
  case $line in
    All*) passed=$((passed + $(echo "$line" | sed -E 's/.* in ([0-9]+) test case.*/\1/'))) ;;
    test*)
      passed=$((passed + $(echo "$line" | grep -oE '[0-9]+ passed' | grep -oE '[0-9]+' || echo 0)))
      failed=$((failed + $(echo "$line" | grep -oE '[0-9]+ failed' | grep -oE '[0-9]+' || echo 0)))
      grep -A 1 -E '^-{60,}$' "$out/output.txt" | grep -vE '^-+$' | sed 's/^/FAILED /' | sort -u ;;
    *) fail "$what has no result: $(tail -n 1 "$out/output.txt")" ;;
  esac
}

# Puts the row into the table. What ran is a sentence; how: the emulator with its version.
record() { # how
  python3 scripts/portability_table.py record "$target" "$system" "$($compiler --version | head -n 1)" "$1" "$ran" "$passed" \
    "$failed" $(($(date +%s) - started))
  echo "$target: $passed passed, $failed failed, $(($(date +%s) - started)) s"
  [ "$failed" = 0 ]
}

emulator() { echo "$1 $("$1" --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1), emulated"; }

# Tests whose expected numbers are compressed: there is no zlib for the targets; and those that run only where asked for.
without_zlib='~"changes of whole pictures are torchvision*" ~"a part that is made as large as the picture*"'
without_zlib="$without_zlib ~\"Keras computes with a saved model*\" ~\"Keras trains on where a trainer*\" ~[.]"

host() {
  begin host "Linux, x86-64" g++-12 ""
  library -O2 && run_programs
  record "natively"
}

aarch64() {
  need g++-12-aarch64-linux-gnu qemu-user
  begin aarch64 "Linux, 64-bit ARM" aarch64-linux-gnu-g++-12 "qemu-aarch64 -L /usr/aarch64-linux-gnu"
  # What shows the kernels of NEON: the whole rooms take long under an emulator.
  library -O2 && run_programs &&
    run_tests core nn:activation_golden,batch_normalization,epilogue,folded,prepared_filters
  run_kernel_tests -O1 gemm implicit_gemm depthwise_conv2d batch_normalization maxpool2d avgpool2d activation \
    globalpool2d conv2d_add winograd conv2d
  record "$(emulator qemu-aarch64)"
}

riscv64() {
  need g++-12-riscv64-linux-gnu qemu-user
  begin riscv64 "Linux, 64-bit RISC-V" riscv64-linux-gnu-g++-12 "qemu-riscv64 -L /usr/riscv64-linux-gnu"
  library -O2 && run_programs && run_tests core
  record "$(emulator qemu-riscv64)"
}

s390x() {
  need g++-12-s390x-linux-gnu qemu-user
  begin s390x "Linux, IBM Z, big-endian" s390x-linux-gnu-g++-12 "qemu-s390x -L /usr/s390x-linux-gnu"
  library -O2 && run_programs && run_tests core io image -- "$without_zlib"
  record "$(emulator qemu-s390x)"
}

armhf() {
  need g++-12-arm-linux-gnueabihf qemu-user
  begin armhf "Linux, 32-bit ARM" arm-linux-gnueabihf-g++-12 "qemu-arm -L /usr/arm-linux-gnueabihf"
  library -O2 && run_programs && run_tests core io -- "$without_zlib"
  record "$(emulator qemu-arm)"
}

windows() {
  need g++-mingw-w64-x86-64-posix wine64
  export WINEPREFIX=$work/wine WINEDEBUG=-all
  begin windows "Windows, x86-64" x86_64-w64-mingw32-g++-posix /usr/lib/wine/wine64
  # Catch2 and many templates in one object file have more sections than it may have without this.
  common="$common -Wa,-mbig-obj"
  ending=.exe link="-static"
  library -O2 && run_programs && run_verify
  record "wine $(/usr/lib/wine/wine64 --version 2>/dev/null | tr -d '\r' | sed 's/^wine-//;s/ .*//')"
}

wasm() {
  need emscripten nodejs
  export NODE_PATH=/usr/share/nodejs  # where Debian keeps what emscripten asks node for
  begin wasm "WebAssembly with SIMD" em++ "node --no-experimental-fetch"  # whose fetch() takes no files
  # Eigen's packets of SSE, by emscripten's SSE upon its SIMD. Eigen 3.4 asks for mmintrin.h, which emscripten has not, and
  # takes assembly of x86 for all that says to be GCC before 6.3, or from 6.0: "5.13" is neither.
  common="$common -fexceptions -msimd128 -msse4.1 -D__MMINTRIN_H -fgnuc-version=5.13.0"
  programs="train files names" ending=.js
  local disk="-sNODERAWFS=1 -sALLOW_MEMORY_GROWTH=1"  # files are the disk's
  # shellcheck disable=SC2086
  compile predict -O3 $disk tests/portability/predict.cpp -o "$out/bin/predict.js" && counted predict $launcher "$out/bin/predict.js" "$reference"
  common="$common -pthread" link="$disk -sPROXY_TO_PTHREAD -sPTHREAD_POOL_SIZE=4 -sEXIT_RUNTIME=1"
  library -O2 && run_programs
  ran="inference of the host's model, headers alone, one thread${ran:+; two threads: ${ran/, reduced copies/}}"
  record "node $(node --version)"
}

[ $# -gt 0 ] || set -- host s390x aarch64 windows wasm armhf riscv64
status=0
for wanted; do
  case $wanted in
    host | aarch64 | riscv64 | s390x | armhf | windows | wasm) ;;
    *) echo "portability.sh: no target \"$wanted\"; there are host, aarch64, riscv64, s390x, armhf, windows, wasm" >&2; exit 2 ;;
  esac
  if [ "$wanted" != host ] && [ ! -e "$reference/numbers.safetensors" ]; then host || status=1; fi
  "$wanted" || status=1
done
exit $status
