# SPDX-License-Identifier: MIT
"""Checks that no source file has more than 400 lines: lengths.py SOURCE

A longer one has more than one subject; it is cut by these, and not by its length.
"""
import sys
from pathlib import Path

root = Path(sys.argv[1]).resolve()
ENDINGS = {".hpp", ".cpp", ".cu", ".cuh", ".py", ".sh", ".cmake"}
MOST = 400

seen, long = 0, []
for path in sorted(root.rglob("*")):
    parts = path.relative_to(root).parts
    if parts[0].startswith("build") or parts[0] in (".git", "site") or not path.is_file():
        continue
    if path.suffix not in ENDINGS and path.name != "CMakeLists.txt":
        continue
    seen += 1
    lines = path.read_text(encoding="utf-8").count("\n")
    if lines > MOST:
        long.append(f"{'/'.join(parts)} has {lines} lines, {MOST} are the most; cut it by what it is about")
if seen < 1000:
    long.append(f"only {seen} source files were found; the tree has over 1,000")
print("\n".join(long) or f"{seen} source files have {MOST} lines or fewer")
sys.exit(bool(long))
