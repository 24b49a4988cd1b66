# SPDX-License-Identifier: MIT
# For scripts that source this: hides from a compiler what brindle could use of the system.
#
#     bare_system FOLDER COMPILER [FLAG ...]     sets `bare` to the options for that
#
# They are the compiler's own folders, but of /usr/include only what is no such library, by links in FOLDER.
bare_system() {
  local folder=$1 entry path
  shift
  rm -rf "$folder"
  mkdir -p "$folder"
  for entry in /usr/include/*; do
    case ${entry##*/} in
      stb* | nlohmann | hdf5* | H5* | zlib.h | zconf.h | eigen3 | CLI | catch2 | benchmark) ;;
      *) ln -s "$entry" "$folder/" ;;
    esac
  done
  bare=(-nostdinc -nostdinc++)
  while read -r path; do
    [ "$(realpath "$path")" = /usr/include ] && path=$folder
    bare+=(-isystem "$path")
  done < <("$@" -E -v -x c++ /dev/null 2>&1 | sed -n '/#include </,/^End/p' | grep '^ ')
}
