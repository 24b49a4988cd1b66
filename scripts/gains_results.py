#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes what each way of training brings into docs/results.md, from docs/results/gains.csv, which scripts/gains.cpp makes.

    python3 scripts/gains_results.py            writes the tables between <!-- gains:PHOTOS --> and <!-- /gains -->
    python3 scripts/gains_results.py --check    the page is what the file gives (a test)
"""
import csv
import re
import statistics
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
page = root / "docs" / "results.md"
NETWORKS = {"small": "small network", "lite0": "EfficientNet-Lite0"}


def runs_of(photos):
    """technique -> network -> its runs, in the order of the file."""
    found = {}
    with (root / "docs" / "results" / "gains.csv").open(newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            if row["photos"] == photos:
                found.setdefault(row["technique"], {}).setdefault(row["network"], []).append(row)
    return found


def cells(runs, column="accuracy"):
    if not runs:
        return ["", "", ""]
    values = [float(run[column]) for run in runs]
    spread = f" ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else " (one seed)"
    loss = f"{statistics.mean(float(run['loss']) for run in runs):.3f}" if column == "accuracy" else ""
    seconds = f"{statistics.mean(float(run['processor_seconds']) for run in runs):.0f}"
    return [f"{statistics.mean(values):.3f}{spread}", loss, seconds]


def table(photos):
    heads = ["technique"]
    for name in NETWORKS.values():
        heads += [f"{name}: accuracy", "loss", "seconds"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for technique, by_network in runs_of(photos).items():
        row = [technique]
        for network in NETWORKS:
            row += cells(by_network.get(network))
        lines.append("| " + " | ".join(row) + " |")
        if technique == "plain":
            row = ["plain, mean of four looks, mirrored at random"]
            for network in NETWORKS:
                row += cells(by_network.get(network), "mirrored_accuracy")
            lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def written(text):
    def put(match):
        return f"<!-- gains:{match[1]} -->\n{table(match[1])}\n<!-- /gains -->"

    return re.sub(r"<!-- gains:([^>]*?) -->\n.*?<!-- /gains -->", put, text, flags=re.S)


def main():
    old = page.read_text()
    new = written(old)
    if "--check" in sys.argv:
        if old != new:
            sys.exit("docs/results.md is not what docs/results/gains.csv gives: run scripts/gains_results.py")
        print(f"{len(re.findall('<!-- gains:', old))} tables are those of the file")
        return
    page.write_text(new)


main()
