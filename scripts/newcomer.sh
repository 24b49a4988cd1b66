#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tries README.md as a newcomer would: an empty Debian 12, the last commit, the README's own commands, the seconds of each.
#
#     bash scripts/newcomer.sh PICTURES WEIGHTS [ROOT]
#
# PICTURES: two subfolders of pictures, one a class. WEIGHTS: efficientnet_lite0.safetensors. ROOT: /tmp/newcomer.
# Needs to be root, debootstrap, and a Debian mirror.
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pictures=${1:?usage: newcomer.sh PICTURES WEIGHTS [ROOT]}
weights=${2:?usage: newcomer.sh PICTURES WEIGHTS [ROOT]}
root=${3:-/tmp/newcomer}
home=$root/home/new

[ ! -e "$root" ] || { echo "$root is there; remove it first" >&2; exit 1; }
debootstrap --variant=minbase bookworm "$root" >/dev/null
cp /etc/resolv.conf "$root/etc/"
mount --bind /proc "$root/proc"
mount --bind /dev "$root/dev"
trap 'umount --lazy "$root/proc" "$root/dev"' EXIT

mkdir -p "$home/brindle"
git -C "$repo" archive HEAD | tar -x -C "$home/brindle"
cp -r "$pictures" "$home/training_data"
cp -r "$pictures" "$home/validation_data"
for folder in "$home" "$home/brindle"; do cp "$weights" "$folder/efficientnet_lite0.safetensors"; done
cp "$(find "$pictures" -type f | head -1)" "$home/photo.jpg"

TIMEFORMAT="%R s, of the processors %U s:"
step() {  # in this folder of the newcomer's, this command
  if ! time chroot "$root" /usr/bin/env -i HOME=/home/new PATH=/usr/sbin:/usr/bin:/sbin:/bin bash -c "cd /home/new/$1 && $2" \
      >"$root/log" 2>&1; then
    tail -20 "$root/log"
    echo "failed: $2"
    exit 1
  fi
  echo "    $2"
}

echo "$(nproc) cores"
step brindle "bash scripts/install_packages.sh build"
grep -oE '^    (bash examples|cmake|build/)[^#]*' "$repo/README.md" | grep -v cats-vs-dogs | sed 's/ *$//; s/^ *//' |
  sed 's#path/to/folder#../training_data#; s#photo.jpg#../photo.jpg#' > "$root/commands"
while read -r command; do step brindle "$command"; done < "$root/commands"

sed -n '/^```cpp/,/^```$/p' "$repo/README.md" | sed '1d;$d' > "$home/app.cpp"
compile=$(grep -m 1 '^g++ .*-Ibrindle/include' "$repo/README.md")
step . "$compile -o app"
step . ./app

# The other ways to include it, with a smaller program.
cat > "$home/small.cpp" <<'END'
#include <brindle/brindle.hpp>
int main() {
  brindle::Sequential<float> model{{4}, brindle::Dense{1, brindle::sigmoid}};
  return model.predict(brindle::Tensor<float>({1, 4}))[0] == 0.5f ? 0 : 1;
}
END
project() {  # folder, line that brings brindle
  mkdir -p "$home/$1"
  printf '%s\n' 'cmake_minimum_required(VERSION 3.20)' 'project(app CXX)' "$2" 'add_executable(app ../small.cpp)' \
         'target_link_libraries(app PRIVATE brindle::brindle)' > "$home/$1/CMakeLists.txt"
}
step brindle "cmake --install build --prefix ../installed"
project found 'find_package(brindle REQUIRED)'
step found "cmake -S . -B build -G Ninja -DCMAKE_PREFIX_PATH=/home/new/installed && cmake --build build && build/app"
project inside 'add_subdirectory(../brindle brindle)'
step inside "cmake -S . -B build -G Ninja && cmake --build build --target app && build/app"
step . "apt-get install -y -qq --no-install-recommends pkg-config"
step . "export PKG_CONFIG_PATH=/home/new/installed/share/pkgconfig
        g++ -std=c++20 \$(pkg-config --cflags brindle) small.cpp \$(pkg-config --libs brindle) -o small && ./small"
