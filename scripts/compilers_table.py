#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes what scripts/compilers.sh has run into docs/portability.md: every word of its table comes from a run.

    compilers_table.py record COMPILER VERSION STANDARD LIBRARY EIGEN RAN FAILED SECONDS    a row of docs/results/compilers.csv
    compilers_table.py --check [ROOT]                                                      the page is what the file gives (a test)
"""
from result_table import ResultTable


def order(row):
    name, number = row["compiler"].rsplit("-", 1)
    return name != "g++", int(number), row["library"] != "libstdc++", row["standard"], row["eigen"]


def lines(rows):
    yield "| compiler | standard, library, Eigen | what ran | failed | seconds | date, commit |"
    yield "|" + "---|" * 6
    for row in rows:
        yield (f"| {row['version']} | {row['standard'].replace('c', 'C')}, {row['library']}, {row['eigen']} | {row['ran']} | "
               f"{row['failed'] or 'nothing'} | {row['seconds']} | {row['date']}, {row['commit']} |")


ResultTable("compilers",
            ["compiler", "version", "standard", "library", "eigen", "ran", "failed", "seconds", "date", "commit"],
            ["compiler", "standard", "library", "eigen"], order, lines, "scripts/compilers.sh").main(__doc__)
