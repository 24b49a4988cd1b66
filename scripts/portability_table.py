#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes what scripts/portability.sh has run into docs/portability.md: every number of its table comes from a run.

    portability_table.py record TARGET SYSTEM COMPILER HOW RAN PASSED FAILED SECONDS    a row of docs/results/portability.csv
    portability_table.py --check [ROOT]                                                 the page is what the file gives (a test)

The page marks what is written here: <!-- portability --> ... <!-- /portability -->.
"""
import csv
import datetime
import re
import subprocess
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
COLUMNS = ["target", "system", "compiler", "how", "ran", "passed", "failed", "seconds", "date", "commit"]
ORDER = ["host", "aarch64", "riscv64", "s390x", "armhf", "windows", "wasm"]
BLOCK = re.compile(r"(<!-- portability -->\n)(.*?)(<!-- /portability -->)", re.S)


def rows_of(kept):
    if not kept.exists():
        return []
    with kept.open(newline="") as file:
        return list(csv.DictReader(file))


def table(rows):
    lines = ["| target | system | compiler | run by | what ran | passed | failed | seconds | date, commit |", "|" + "---|" * 9]
    for row in rows:
        lines.append("| " + " | ".join([f"`{row['target']}`", row["system"], row["compiler"], row["how"], row["ran"], row["passed"],
                                        row["failed"], row["seconds"], f"{row['date']}, {row['commit']}"]) + " |")
    return "\n".join(lines)


def written(text, rows):
    if not BLOCK.search(text):
        sys.exit("docs/portability.md: the marks of its table are gone")
    return BLOCK.sub(lambda match: match.group(1) + table(rows) + "\n" + match.group(3), text)


def record(values):
    kept, page = root / "docs/results/portability.csv", root / "docs/portability.md"
    git = lambda *words: subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True).stdout.strip()
    changed = git("status", "--porcelain", "--", "include", "tests/portability")
    commit = git("rev-parse", "--short", "HEAD") + (" and changes" if changed else "")
    row = dict(zip(COLUMNS, [*values, datetime.date.today().isoformat(), commit]))
    rows = [other for other in rows_of(kept) if other["target"] != row["target"]] + [row]
    rows.sort(key=lambda r: ORDER.index(r["target"]))
    with kept.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    page.write_text(written(page.read_text(), rows))


if len(sys.argv) == len(COLUMNS) and sys.argv[1] == "record":
    record(sys.argv[2:])
elif sys.argv[1:2] == ["--check"] and len(sys.argv) <= 3:
    there = Path(sys.argv[2]) if len(sys.argv) == 3 else root
    text = (there / "docs/portability.md").read_text()
    if written(text, rows_of(there / "docs/results/portability.csv")) != text:
        sys.exit("docs/portability.md is not what docs/results/portability.csv gives: run scripts/portability.sh, and change no number by hand")
else:
    sys.exit(__doc__)
