#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Copies a data set of photos and plants faults in it, to measure how many `check` finds.

    python plant_faults.py TRAINING VALIDATION OUT [--seed 1]      (needs Pillow)
    check --data OUT/training --validation OUT/validation --weights ... --out OUT/check
    python plant_faults.py --score OUT                             what of it check found

TRAINING and VALIDATION hold photos named cat.12.jpg. OUT gets training/ and validation/ with 5% of the training labels
wrong, 30 near copies and 5 exact ones of training photos among the validation photos, 20 training photos blurred, one
file cut short, and planted.csv, which says what was done to which file.
"""
import argparse
import csv
import pathlib
import random
import shutil
import sys


def score(out):
    """Prints a table of what was planted, what of it stands in OUT/check/check.csv, and what else stands there."""
    planted = list(csv.DictReader(open(out / "planted.csv")))
    found = list(csv.DictReader(open(out / "check" / "check.csv")))
    photos = sum(1 for name in ("training", "validation") for _ in (out / name).iterdir())
    print("| planted | found | listed | of the listed ones planted |\n|---|---|---|---|")
    for kind in ("label", "near copy", "copy", "blurred", "unreadable"):
        want = {row["file"] for row in planted if row["kind"] == kind}
        rows = [{pathlib.Path(row[side]).name for side in ("file", "other")} for row in found if row["kind"] == kind]
        hits, true = sum(any(file in row for row in rows) for file in want), sum(bool(row & want) for row in rows)
        print(f"| {len(want)} {kind} | {hits} | {len(rows)} | {true} |")
        if kind == "label":
            first = rows[: photos // 10]
            print(f"  of the wrong labels {sum(any(f in row for row in first) for f in want) / len(want):.3f} stand among "
                  f"the first {len(first)} suspects of {photos} photos", file=sys.stderr)


options = argparse.ArgumentParser()
options.add_argument("--score", type=pathlib.Path)
if "--score" in sys.argv:
    score(options.parse_args().score)
    sys.exit()
options.add_argument("training", type=pathlib.Path)
options.add_argument("validation", type=pathlib.Path)
options.add_argument("out", type=pathlib.Path)
options.add_argument("--seed", type=int, default=1)
options = options.parse_args()
from PIL import Image, ImageEnhance, ImageFilter, ImageOps  # not needed to score

draw = random.Random(options.seed)
for name, source in (("training", options.training), ("validation", options.validation)):
    shutil.rmtree(options.out / name, ignore_errors=True)
    (options.out / name).mkdir(parents=True)
    for path in sorted(source.glob("*.jpg")):
        shutil.copy(path, options.out / name / path.name)
training = sorted((options.out / "training").glob("*.jpg"))
draw.shuffle(training)
classes = sorted({path.name.split(".")[0] for path in training})
planted = []


def take(count):
    taken, training[:count] = training[:count], []
    return taken


for path in take(len(training) // 20):
    kind = path.name.split(".")[0]
    to = path.with_name(draw.choice([c for c in classes if c != kind]) + ".flipped." + path.name.split(".")[1] + ".jpg")
    path.rename(to)
    planted.append(("label", to.name, ""))

changes = {
    "recompressed": lambda p: p,
    "smaller": lambda p: p.resize((int(p.width * 0.6), int(p.height * 0.6)), Image.LANCZOS),
    "cropped": lambda p: p.crop((int(p.width * 0.05), int(p.height * 0.05), int(p.width * 0.95), int(p.height * 0.95))),
    "brighter": lambda p: ImageEnhance.Brightness(p).enhance(1.25),
    "mirrored": ImageOps.mirror,
    "grey": lambda p: p.convert("L"),
}
for i, path in enumerate(take(30)):
    change = list(changes)[i % len(changes)]
    to = options.out / "validation" / (path.stem + ".near.jpg")
    changes[change](Image.open(path).convert("RGB")).save(to, quality=70)
    planted.append(("near copy", to.name, path.name + " " + change))
for path in take(5):
    to = options.out / "validation" / (path.stem + ".exact.jpg")
    shutil.copy(path, to)
    planted.append(("copy", to.name, path.name))
for path in take(20):
    photo = Image.open(path).convert("RGB")
    photo.filter(ImageFilter.GaussianBlur(max(photo.size) / 100)).save(path, quality=90)
    planted.append(("blurred", path.name, ""))
for path in take(1):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    planted.append(("unreadable", path.name, ""))
with open(options.out / "planted.csv", "w", newline="") as file:
    csv.writer(file).writerows([("kind", "file", "of"), *planted])
print(len(planted), "faults planted in", options.out)
