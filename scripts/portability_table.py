#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes what scripts/portability.sh has run into docs/portability.md: every number of its table comes from a run.

    portability_table.py record TARGET SYSTEM COMPILER HOW RAN PASSED FAILED SECONDS    a row of docs/results/portability.csv
    portability_table.py --check [ROOT]                                                 the page is what the file gives (a test)
"""
from result_table import ResultTable

ORDER = ["host", "aarch64", "riscv64", "s390x", "armhf", "windows", "wasm"]


def lines(rows):
    yield "| target | system | compiler | run by | what ran | passed | failed | seconds | date, commit |"
    yield "|" + "---|" * 9
    for row in rows:
        yield "| " + " | ".join([f"`{row['target']}`", row["system"], row["compiler"], row["how"], row["ran"], row["passed"],
                                 row["failed"], row["seconds"], f"{row['date']}, {row['commit']}"]) + " |"


ResultTable("portability",
            ["target", "system", "compiler", "how", "ran", "passed", "failed", "seconds", "date", "commit"],
            ["target"], lambda row: ORDER.index(row["target"]), lines, "scripts/portability.sh").main(__doc__)
