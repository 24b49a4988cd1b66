# SPDX-License-Identifier: MIT
"""Reads the JSON lines of compare.sh and prints two tables, and what failed.

The first has, for each workload, the median over the rounds of each peer's median time, and how many times as long it takes
as brindle; likewise the peak memory. The second has, for each workload, how many times as long the best peer takes, of the
same round: the median, the best and the worst round, beside what is aimed at.

usage: python3 ratios.py FILE.jsonl
"""
import collections
import json
import statistics
import sys

AIMS = {"W1 train step": 3, "W2 train step": 3, "W3 batch 30 inference": 2.5, "W3 batch 1 inference": 2, "W5 train step": 3,
        "M1 batch 1 inference": 1.5, "M1 batch 32 inference": 1.5, "M2 batch 1 inference": 1.5, "M2 batch 32 inference": 1.5,
        "M3 batch 1 inference": 1.3, "M3 batch 32 inference": 1.3, "M4 batch 1 inference": 1.8, "M4 batch 32 inference": 1.8,
        "M5 train step": 2.5, "M6 train step": 2, "M7 train step": 3, "M8 features": 1.5, "M9 features": 1.5}
MEMORY_AIM = 0.5

rows = collections.defaultdict(lambda: collections.defaultdict(list))  # work -> (peer, its way) -> (round, ms, MiB)
failed, now, marked = [], 0, False
for line in open(sys.argv[1]):
    try:
        d = json.loads(line)
    except ValueError:
        continue
    if "round" in d and "work" not in d:
        now, marked = d["round"], True
    elif d.get("unit") == "failed":
        failed.append(f"{d['peer']}, {d['work']}: {d.get('error', '')}")
    elif d.get("unit") == "ms" and d["value"]:
        of = rows[d["work"].split(" (")[0]][d["peer"], d["work"]]
        of.append((now if marked else len(of) + 1, d["value"], d.get("rss_peak_mb")))


def median(values):
    return statistics.median(ms for _, ms, _ in values)


# Keras has two ways to make a step; the faster one counts.
for work, peers in rows.items():
    best = {}
    for (peer, _), values in peers.items():
        if peer not in best or median(values) < median(best[peer]):
            best[peer] = values
    rows[work] = best


def memory(values):
    return max((mib for _, _, mib in values if mib), default=0)


print("| work | who | ms, median of rounds | rounds, best to worst | times ours | peak MiB |")
print("|---|---|---|---|---|---|")
for work in sorted(rows):
    peers = rows[work]
    if "brindle" not in peers:
        continue
    ours = median(peers["brindle"])
    for peer, values in sorted(peers.items(), key=lambda p: median(p[1])):
        times = sorted(ms for _, ms, _ in values)
        print(f"| {work} | {'**brindle**' if peer == 'brindle' else peer} | {median(values):.4g} | {times[0]:.4g} to {times[-1]:.4g} "
              f"| {median(values) / ours:.2f} | {f'{memory(values):.0f} ' if memory(values) else ''}|")

print("\n| row | aim | best peer / ours, median | best to worst round | best peer | memory, ours / the least of the peers', aim " + f"{MEMORY_AIM} |")
print("|---|---|---|---|---|---|")
for work in sorted(rows):
    ours = {number: ms for number, ms, _ in rows[work].get("brindle", [])}
    peers = {peer: values for peer, values in rows[work].items() if peer != "brindle"}
    if not ours or not peers:
        continue
    ratios, winners = [], []
    for number, ms in ours.items():
        in_round = [(value, peer) for peer, values in peers.items() for n, value, _ in values if n == number]
        if in_round:
            value, peer = min(in_round)
            ratios.append(value / ms)
            winners.append(peer)
    if not ratios:
        continue
    aim = next((str(a) for name, a in AIMS.items() if work == name or (name.endswith("features") and work.startswith(name))), "")
    least = min((memory(values) for values in peers.values() if memory(values)), default=0)
    share = f"{memory(rows[work]['brindle']) / least:.2f} " if least and memory(rows[work]["brindle"]) else ""
    print(f"| {work} | {aim + ' ' if aim else ''}| {statistics.median(ratios):.2f} | {max(ratios):.2f} to {min(ratios):.2f} "
          f"| {collections.Counter(winners).most_common(1)[0][0]} | {share}|")

for text, times in collections.Counter(failed).items():
    print(f"failed, {times} times: {text}")
