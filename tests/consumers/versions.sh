#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Files that repeat the version of core/version.hpp have that one: versions.sh SOURCE VERSION
set -uo pipefail
cd "$1" || exit 1
version=$2 rc=0
pattern=${version//./\\.}

names() { # file, extended regular expression
  grep -Eq -- "$2" "$1" || { echo "$1: expected the version $version of include/brindle/core/version.hpp"; rc=1; }
}

names packaging/vcpkg/brindle/vcpkg.json "\"version-semver\": \"$pattern\""
names meson.build "^ +version: '$pattern',"
names CITATION.cff "^version: $pattern\$"
names CHANGELOG.md "^## $pattern\$"
head -n 1 debian/changelog | grep -Eq "^brindle \($pattern-[0-9]+\)" || { echo "debian/changelog: expected to begin with the version $version"; rc=1; }
exit $rc
