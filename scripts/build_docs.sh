#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the documentation as a static site: the pages of docs/ by MkDocs, the API reference by Doxygen below api/.
#
#     bash scripts/build_docs.sh [SITE]        default: build/site; open SITE/index.html
#
# MkDocs comes from PyPI, into a virtual environment below build/, unless it is there. Links that lead nowhere, errors in
# documentation comments, public names without one, and pages that need the net end it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
site=$(realpath -m "${1:-build/site}")

mkdocs=$(command -v mkdocs || true)
missing=""
command -v doxygen >/dev/null || missing=" doxygen"
[ -n "$mkdocs" ] || python3 -c "import ensurepip" 2>/dev/null || missing="$missing python3-venv"
[ -z "$missing" ] || { echo "Please install (as Debian calls it):$missing" >&2; exit 1; }
if [ -z "$mkdocs" ]; then
  mkdocs=$root/build/docs_tools/bin/mkdocs
  if [ ! -x "$mkdocs" ]; then
    python3 -m venv build/docs_tools
    build/docs_tools/bin/pip install -q mkdocs-material
  fi
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Not --quiet, with which --strict counts no warning.
NO_MKDOCS_2_WARNING=1 "$mkdocs" build --strict --site-dir "$site" 2>"$log" || { cat "$log" >&2; exit 1; }
if grep -rlE '<(script|link)[^>]* (src|href)="?https?:' --include=*.html "$site" --exclude-dir=api >&2; then
  echo "these pages fetch something from the net, which is not there for who opens them from the disk" >&2
  exit 1
fi
version=$(grep -o '[0-9]*$' include/brindle/core/version.hpp | paste -sd .)
(cat docs/Doxyfile; echo "OUTPUT_DIRECTORY = $site"; echo "PROJECT_NUMBER = $version") | doxygen - 2>"$log"
if [ -s "$log" ]; then
  cat "$log" >&2
  exit 1
fi
cat docs/api.css >>"$site/api/search/search.css"  # the search's frame reads no other
echo "$site/index.html"
