#!/usr/bin/env bash
# Builds the documentation as a static site: the pages of docs/ by MkDocs, the API reference by Doxygen below api/.
#
#     bash scripts/build_docs.sh [SITE]        default: build/site; open SITE/index.html
#
# MkDocs comes from PyPI, into a virtual environment below build/, unless it is there. Links that lead nowhere and errors in
# documentation comments end it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
site=$(realpath -m "${1:-build/site}")

command -v doxygen >/dev/null || { echo "Please install doxygen" >&2; exit 1; }
mkdocs=$(command -v mkdocs || true)
if [ -z "$mkdocs" ]; then
  mkdocs=$root/build/docs_tools/bin/mkdocs
  [ -x "$mkdocs" ] || { python3 -m venv build/docs_tools && build/docs_tools/bin/pip install -q mkdocs-material; }
fi

"$mkdocs" build --quiet --strict --site-dir "$site"
version=$(grep -o '[0-9]*$' include/brindle/core/version.hpp | paste -sd .)
(cat docs/Doxyfile; echo "OUTPUT_DIRECTORY = $site"; echo "PROJECT_NUMBER = $version") | doxygen - 2>"$site/api.log" || true
# Every type has to be documented; a member may let its name and its type speak.
undocumented=$(grep -c 'Member .* is not documented' "$site/api.log" || true)
if grep -v 'Member .* is not documented' "$site/api.log" >&2; then
  exit 1
fi
echo "$undocumented members that their names speak for"
rm "$site/api.log"
echo "$site/index.html"
