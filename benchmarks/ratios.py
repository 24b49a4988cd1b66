# SPDX-License-Identifier: MIT
"""Reads the JSON lines of compare.sh and prints, for each workload, the median over the rounds of each peer's median
time, and how many times as long it takes as brindle; likewise the peak memory.

usage: python3 ratios.py FILE.jsonl
"""
import collections
import json
import statistics
import sys

rows = collections.defaultdict(lambda: collections.defaultdict(list))
for line in open(sys.argv[1]):
    try:
        d = json.loads(line)
    except ValueError:
        continue
    if d.get("unit") != "ms" or not d["value"]:
        continue
    rows[d["work"].split(" (")[0]][d["peer"], d["work"]].append((d["value"], d.get("rss_peak_mb")))

# Keras has two ways to make a step; the faster one counts.
for work, peers in rows.items():
    best = {}
    for (peer, _), values in peers.items():
        if peer not in best or statistics.median(v for v, _ in values) < statistics.median(v for v, _ in best[peer]):
            best[peer] = values
    rows[work] = best

print("| work | who | ms, median of rounds | rounds, best to worst | times ours | peak MiB |")
print("|---|---|---|---|---|---|")
for work in sorted(rows):
    peers = rows[work]
    if "brindle" not in peers:
        continue
    ours = statistics.median(v for v, _ in peers["brindle"])
    for peer, values in sorted(peers.items(), key=lambda p: statistics.median(v for v, _ in p[1])):
        times = sorted(v for v, _ in values)
        memory = [m for _, m in values if m]
        median = statistics.median(times)
        print(f"| {work} | {'**brindle**' if peer == 'brindle' else peer} | {median:.4g} | {times[0]:.4g} to {times[-1]:.4g} "
              f"| {median / ours:.2f} | {max(memory):.0f} |" if memory else
              f"| {work} | {peer} | {median:.4g} | {times[0]:.4g} to {times[-1]:.4g} | {median / ours:.2f} | |")
