#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes the files of a release, from a commit and nothing else: the same commit gives the same bytes anywhere.
#
#     bash scripts/release.sh [COMMIT] [FOLDER]      default: HEAD, build/release
#
# brindle-VERSION.tar.gz and its sums (.sha256, .sha512), the library as one file each (brindle_all.hpp, brindle_inference.hpp), and
# recipes that take the tarball by its sum: conan/ and vcpkg/, whose address is the tarball's file until it is put where others
# can fetch it (BRINDLE_RELEASE_URL). Refuses a tree whose changelog or recipes name another version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
commit=$(git rev-parse --verify "${1:-HEAD}^{commit}")
out=$(mkdir -p "${2:-build/release}" && cd "${2:-build/release}" && pwd)
read_version() { git show "$commit:include/brindle/core/version.hpp" | sed -n "s/^#define BRINDLE_VERSION_$1 //p"; }
version=$(read_version MAJOR).$(read_version MINOR).$(read_version PATCH)
name=brindle-$version

rm -rf "$out/unpacked" && mkdir "$out/unpacked"
git archive --format=tar --prefix="$name/" "$commit" | tar -x -C "$out/unpacked"
bash "$out/unpacked/$name/tests/consumers/versions.sh" "$out/unpacked/$name" "$version" >&2

# git writes the same tar for a commit; gzip without a name and a time.
git archive --format=tar --prefix="$name/" "$commit" | gzip -9n >"$out/$name.tar.gz"
cd "$out"
sha256sum "$name.tar.gz" >"$name.tar.gz.sha256"
sha512sum "$name.tar.gz" >"$name.tar.gz.sha512"
sha256=$(cut -d' ' -f1 "$name.tar.gz.sha256") sha512=$(cut -d' ' -f1 "$name.tar.gz.sha512")
url=${BRINDLE_RELEASE_URL:-file://$out/$name.tar.gz}

python3 "unpacked/$name/scripts/amalgamate.py" "$out" >/dev/null

rm -rf conan vcpkg && mkdir -p conan vcpkg/brindle
cp -r "unpacked/$name/packaging/conan/." conan
printf 'sources:\n  "%s":\n    url: "%s"\n    sha256: "%s"\n' "$version" "$url" "$sha256" >conan/conandata.yml
cp "unpacked/$name/packaging/vcpkg/brindle/vcpkg.json" vcpkg/brindle
{
  printf '# SPDX-License-Identifier: MIT\nset(VCPKG_BUILD_TYPE release)\n'
  printf 'vcpkg_download_distfile(archive URLS "%s" FILENAME "%s.tar.gz"\n                        SHA512 %s)\n' "$url" "$name" "$sha512"
  printf 'vcpkg_extract_source_archive(SOURCE_PATH ARCHIVE "${archive}")\n'
  sed -n '/^vcpkg_cmake_configure/,$p' "unpacked/$name/packaging/vcpkg/brindle/portfile.cmake"
} >vcpkg/brindle/portfile.cmake
rm -rf unpacked
echo "$name of $(git -C "$OLDPWD" rev-parse --short "$commit"): $out"
cat "$name.tar.gz.sha256"
