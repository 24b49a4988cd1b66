#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes what scripts/compilers.sh has run into docs/portability.md: every word of its table comes from a run.

    compilers_table.py record COMPILER VERSION STANDARD LIBRARY EIGEN RAN FAILED SECONDS    a row of docs/results/compilers.csv
    compilers_table.py --check                                                       the page is what the file gives (a test)

The page marks what is written here: <!-- compilers --> ... <!-- /compilers -->.
"""
import csv
import datetime
import re
import subprocess
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
kept, page = root / "docs/results/compilers.csv", root / "docs/portability.md"
COLUMNS = ["compiler", "version", "standard", "library", "eigen", "ran", "failed", "seconds", "date", "commit"]
KEY = COLUMNS[:1] + COLUMNS[2:5]
BLOCK = re.compile(r"(<!-- compilers -->\n)(.*?)(<!-- /compilers -->)", re.S)


def rows():
    if not kept.exists():
        return []
    with kept.open(newline="") as file:
        return list(csv.DictReader(file))


def order(row):
    name, number = row["compiler"].rsplit("-", 1)
    return name != "g++", int(number), row["library"] != "libstdc++", row["standard"], row["eigen"]


def table(all_rows):
    lines = ["| compiler | standard, library, Eigen | what ran | failed | seconds | date, commit |", "|" + "---|" * 6]
    for row in all_rows:
        lines.append(f"| {row['version']} | {row['standard'].replace('c', 'C')}, {row['library']}, {row['eigen']} | {row['ran']} | "
                     f"{row['failed'] or 'nothing'} | {row['seconds']} | {row['date']}, {row['commit']} |")
    return "\n".join(lines)


def written(text, all_rows):
    if not BLOCK.search(text):
        sys.exit("docs/portability.md: the marks of its table of compilers are gone")
    return BLOCK.sub(lambda match: match[1] + table(all_rows) + "\n" + match[3], text)


if len(sys.argv) == len(COLUMNS) and sys.argv[1] == "record":
    git = lambda *words: subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True).stdout.strip()
    changed = git("status", "--porcelain", "--", "include", "tests/portability")
    commit = git("rev-parse", "--short", "HEAD") + (" and changes" if changed else "")
    row = dict(zip(COLUMNS, [*sys.argv[2:], datetime.date.today().isoformat(), commit]))
    every = [other for other in rows() if any(other[k] != row[k] for k in KEY)] + [row]
    every.sort(key=order)
    with kept.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(every)
    page.write_text(written(page.read_text(), every))
elif sys.argv[1:] == ["--check"]:
    if written(page.read_text(), rows()) != page.read_text():
        sys.exit("docs/portability.md is not what docs/results/compilers.csv gives: run scripts/compilers.sh, and change no word by hand")
else:
    sys.exit(__doc__)
