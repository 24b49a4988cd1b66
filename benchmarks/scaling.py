# SPDX-License-Identifier: MIT
"""Simulates what more processes would bring, from measured steps of one process and what an exchange costs.

usage: python3 scaling.py STEPS.jsonl [--batch 1024] [--figure scaling.svg] [--page several-machines.md]

--figure writes the figure, too; with --page it fails unless the page has these tables, and the figure is the one that is there.
STEPS.jsonl (scaling_steps.jsonl is that of the page) has lines of `processes_bench WORKLOAD 1 BATCH STEPS 1`, one leaf, for several
batches. Each workload's step is taken as fixed + each * samples, the line through the best steps of the smallest and the largest
batch that were measured.

A step of P processes on a batch of B samples takes, with n numbers of 4 bytes that are summed,

    fixed + each * B / P                             its own samples
  + 2 log2(P) a + 2 (P - 1) / P * 4 n / b            the sum: halves are handed over, and the new weights come back
  + 2 log2(P) a                                      what all agree on: loss and errors, what callbacks ask for

where a is the time of a message and b the bytes a second (the alpha-beta model: R. Thakur, R. Rabenseifner, W. Gropp,
"Optimization of collective communication operations in MPICH", 2005). Nothing is done behind the computation, adding up is
counted as free, and no process is later than another. It is a plan: nothing here was run on more than one machine.
"""
import argparse
import collections
import contextlib
import io
import json
import math
import sys

import scaling_figure

NETWORKS = {"10 Gbit/s": (30e-6, 10e9 / 8), "100 Gbit/s": (3e-6, 100e9 / 8)}  # seconds of a message, bytes a second
NAMES = {"baseline": "baseline", "vgg16": "VGG16, blocks 4 and 5", "efficientnet_lite0": "EfficientNet-Lite0", "resnet50": "ResNet50"}
PROCESSES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]


def read(path):
    """By workload: seconds of a step without samples, seconds of each sample, bytes that are summed."""
    steps = collections.defaultdict(dict)
    size = {}
    for line in open(path):
        d = json.loads(line)
        if d["processes"] != 1 or d["leaves"] != 1:
            continue
        steps[d["work"]][d["batch"]] = min(d["best_ms"] / 1e3, steps[d["work"]].get(d["batch"], math.inf))
        size[d["work"]] = d["summed_mb"] * 1e6
    found = {}
    for work, times in steps.items():
        few, many = min(times), max(times)
        each = (times[many] - times[few]) / (many - few)
        found[work] = max(times[few] - each * few, 0.0), each, size[work]
    return found


def exchange(processes, size, network):
    a, b = NETWORKS[network]
    return 4 * math.log2(processes) * a + 2 * (processes - 1) / processes * size / b


def step(workload, processes, batch, network):
    fixed, each, size = workload
    return fixed + each * batch / processes + (exchange(processes, size, network) if processes > 1 else 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("steps")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--figure")
    parser.add_argument("--page")
    o = parser.parse_args()
    figure = draw(o)
    if o.figure and not o.page:
        with open(o.figure, "w", encoding="utf-8") as file:
            file.write(figure)
    if not o.page:
        return tell(o)
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        tell(o)
    page = open(o.page, encoding="utf-8").read()
    tables = [part.strip() for part in text.getvalue().split("\n\n") if part.strip().startswith("|")]
    missing = [table for table in tables if table not in page]
    for table in missing:
        print(f"{o.page} has not this table of {o.steps}:\n{table}", file=sys.stderr)
    other = o.figure and open(o.figure, encoding="utf-8").read() != figure
    if other:
        print(f"{o.figure} is not the figure of {o.steps}: write it with --figure alone", file=sys.stderr)
    sys.exit(1 if missing or not tables or other else 0)


def draw(o):
    workloads = read(o.steps)
    processes = [p for p in PROCESSES if p <= o.batch]
    panels = {n: {NAMES[w]: [step(v, 1, o.batch, n) / step(v, p, o.batch, n) for p in processes] for w, v in workloads.items()}
              for n in NETWORKS}
    return scaling_figure.drawing(f"Times as fast as one process, a batch of {o.batch:,}, simulated", panels, processes)


def tell(o):
    workloads = read(o.steps)
    for work, (fixed, each, size) in workloads.items():
        print(f"{NAMES[work]}: {1e3 * fixed:.0f} ms + {1e3 * each:.1f} ms a sample, {size / 1e6:.0f} MB are summed")
    print(f"\nTimes as fast as one process, a batch of {o.batch}; in brackets the share of the step that is exchange.\n")
    columns = [(work, network) for work in workloads for network in NETWORKS]
    print("| processes | " + " | ".join(f"{NAMES[w]}, {n}" for w, n in columns) + " |")
    print("|---|" + "---|" * len(columns))
    for p in PROCESSES:
        if p > o.batch:
            break
        row = []
        for work, network in columns:
            workload = workloads[work]
            t = step(workload, p, o.batch, network)
            share = exchange(p, workload[2], network) / t if p > 1 else 0
            row.append(f"{step(workload, 1, o.batch, network) / t:.3g} ({100 * share:.0f}%)")
        print(f"| {p} | " + " | ".join(row) + " |")
    print("\nThe smallest batch a process with which the exchange takes a tenth of the step or less, 8 and 1,024 processes.\n")
    print("| workload | " + " | ".join(f"{n}, {p:,} processes" for n in NETWORKS for p in (8, 1024)) + " |")
    print("|---|" + "---|" * (2 * len(NETWORKS)))
    for work, workload in workloads.items():
        fixed, each, size = workload
        row = []
        for network in NETWORKS:
            for p in (8, 1024):
                row.append(str(max(1, math.ceil((9 * exchange(p, size, network) - fixed) / each))))
        print(f"| {NAMES[work]} | " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
