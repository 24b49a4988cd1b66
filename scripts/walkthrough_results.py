#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes what the walkthrough's runs reached into docs/results.md: every number of its tables comes from a file of a run.

    python3 scripts/walkthrough_results.py OUT     takes the runs of scripts/walkthrough.sh that have ended
    python3 scripts/walkthrough_results.py --check the page is what docs/results/ gives (a test)

From OUT the curves (CSV), figures (SVG) and the lines that say what a run was computed on are copied to docs/results/ and
docs/images/. The page marks what is written here: <!-- walkthrough:KIND ARGUMENTS --> ... <!-- /walkthrough -->. A row or
section whose run has not ended stays as it is.
"""
import csv
import re
import shutil
import statistics
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
page = root / "docs" / "results.md"
kept = root / "docs" / "results"
images = root / "docs" / "images"

# Folder of a run: experiment, command, epochs of the walkthrough, its validation accuracy.
RUNS = {
    "baseline": (1, "baseline", 30, "0.72"),
    "dropout": (2, "dropout", 30, "a little above 1"),
    "augmentation": (3, "augmentation", 100, "0.82"),
    "vgg16_features": (4, "vgg16_features", 30, "0.88"),
    "vgg16_features_caffe": (4, "vgg16_features --preprocess caffe", 30, "–"),
    "vgg16_frozen": (5, "vgg16_frozen", 100, "0.90"),
    "vgg16_frozen_caffe": (5, "vgg16_frozen --preprocess caffe", 100, "–"),
    "vgg16_finetune": (6, "vgg16_finetune", 100, "0.96"),
    "vgg16_finetune_caffe": (6, "vgg16_finetune --preprocess caffe", 100, "–"),
}
SEEDS = {name: [name, f"{name}_43", f"{name}_44"] for name in ("baseline", "dropout", "augmentation", "vgg16_features")}
FIGURES = [name for name in RUNS if not name.endswith("_caffe")]


def rows_of(path, delimiter=","):
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def curve(run):
    """The epochs of a run that has ended, or None."""
    path = kept / f"{run}.csv"
    return rows_of(path) if path.exists() else None


def floats(epochs, column):
    return [float(epoch[column]) for epoch in epochs]


def ran_on(run):
    """Versions and devices, each once, in order, and how often the run was taken up again."""
    lines = rows_of(kept / f"{run}.ran_on.csv", ";")
    each = lambda column: list(dict.fromkeys(line[column] for line in lines))
    return ", ".join(each("version")), ", ".join(each("device")), len(lines) - 1


def best(epochs):
    values = floats(epochs, "val_accuracy")
    at = values.index(max(values))
    return values[at], at + 1


def table(columns, rows):
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def cells(block, key):
    """The rows of a table that stands in the page, by the cell that names them."""
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.splitlines() if line.startswith("|")]
    return {row[key]: row for row in rows[2:]}


def overview(old):
    columns = ["#", "program", "epochs", "best validation accuracy", "at the end", "walkthrough", "seconds", "version, device"]
    before, rows = cells(old, 1), []
    for run, (number, command, planned, walkthrough) in RUNS.items():
        epochs, key = curve(run), f"`{command}`"
        if not epochs:
            if key in before:
                rows.append(before[key])
            continue
        value, at = best(epochs)
        version, device, resumed = ran_on(run)
        again = f", taken up again {resumed} time{'s' if resumed > 1 else ''}" if resumed else ""
        short = "" if len(epochs) == planned else f" of {planned}"
        rows.append([str(number), key, f"{len(epochs)}{short}", f"{value:.3f} (epoch {at})",
                     f"{float(epochs[-1]['val_accuracy']):.3f}", walkthrough, f"{sum(floats(epochs, 'seconds')):,.0f}",
                     f"{version}, {device}{again}"])
    return table(columns, rows)


def seeds(old):
    before, rows = cells(old, 0), []
    for name, runs in SEEDS.items():
        curves = [curve(run) for run in runs]
        if not all(curves):
            if f"`{name}`" in before:
                rows.append(before[f"`{name}`"])
            continue
        row = [f"`{name}`"]
        for values in ([best(epochs)[0] for epochs in curves], [float(epochs[-1]["val_accuracy"]) for epochs in curves]):
            row.append(f"{statistics.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})")
        rows.append(row)
    if not rows:
        return old
    return table(["program, seeds 42, 43, 44", "best validation accuracy: mean (range)", "at the end: mean (range)"], rows)


def epochs_table(old, run, every):
    epochs = curve(run)
    if not epochs:
        return old
    names = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    shown = [e for e in epochs if int(e["epoch"]) == 1 or int(e["epoch"]) % int(every) == 0 or e is epochs[-1]]
    return table(names, [[e["epoch"]] + [f"{float(e[name]):.4f}" for name in names[1:]] for e in shown])


def last(old, run, count):
    """The mean of both accuracies over the last epochs, as a sentence."""
    epochs = curve(run)
    if not epochs:
        return old
    training, validation = (statistics.mean(floats(epochs[-int(count):], column)) for column in ("accuracy", "val_accuracy"))
    return (f"Over the last {count} epochs training and validation accuracy are {training:.3f} and {validation:.3f} on average, "
            f"a gap of {abs(training - validation):.3f}.")


def evaluated(old):
    """The models that evaluate has compared, called by their runs; of others the rows that are there."""
    path = kept / "evaluate.csv"
    if not path.exists():
        return old
    found = {row["model"]: row for row in rows_of(path)}
    before = {name.split(" (")[0]: row for name, row in cells(old, 0).items()}
    rows = []
    for run, (_, command, _, _) in RUNS.items():
        row = found.get(run) or found.get(f"{run}_{command.split()[0]}")  # with its folder, where two have one file name
        if row:
            rows.append([run] + [row[name] for name in ("accuracy", "precision", "recall", "f1", "roc_auc")])
        elif run in before:
            rows.append(before[run])
    return table(["model", "accuracy", "precision", "recall", "F1", "ROC AUC"], rows)


KINDS = {"overview": overview, "seeds": seeds, "epochs": epochs_table, "last": last, "evaluated": evaluated}
BLOCK = re.compile(r"(<!-- walkthrough:(\w+)((?: \w+)*) -->\n)(.*?)(<!-- /walkthrough -->)", re.S)


def written(text):
    def fill(match):
        begin, kind, arguments, old, end = match.groups()
        if kind not in KINDS:
            sys.exit(f"docs/results.md: walkthrough:{kind} is not known; known are {', '.join(KINDS)}")
        new = KINDS[kind](old.rstrip("\n"), *arguments.split())
        return begin + (new + "\n" if new else "") + end
    return BLOCK.sub(fill, text)


def collect(out):
    """What ended in OUT goes to docs/results/ and docs/images/."""
    kept.mkdir(exist_ok=True)
    for ran in sorted(out.glob("*/ran_on.csv")):
        run, curves = ran.parent.name, [p for p in ran.parent.glob("*.csv") if p.name != "ran_on.csv"]
        if not curves:
            continue
        shutil.copyfile(curves[0], kept / f"{run}.csv")
        shutil.copyfile(ran, kept / f"{run}.ran_on.csv")
        if run in FIGURES:
            shutil.copyfile(curves[0].with_suffix(".svg"), images / f"{run}.svg")
    if (out / "evaluate" / "evaluate.csv").exists():
        shutil.copyfile(out / "evaluate" / "evaluate.csv", kept / "evaluate.csv")


if len(sys.argv) != 2:
    sys.exit(__doc__)
if sys.argv[1] == "--check":
    text = page.read_text()
    if written(text) != text:
        sys.exit("docs/results.md is not what docs/results/ gives: run scripts/walkthrough_results.py OUT, and change no number by hand")
else:
    out = Path(sys.argv[1])
    if not out.is_dir():
        sys.exit(f"walkthrough_results.py: {out} is no folder; scripts/walkthrough.sh makes it")
    collect(out)
    page.write_text(written(page.read_text()))
