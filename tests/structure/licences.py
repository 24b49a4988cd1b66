# SPDX-License-Identifier: MIT
"""Checks that each source file names its licence in its first lines: licences.py SOURCE

A file of its own may be copied into another project without the rest: the line says what may be done with it. Files of data,
pages and pictures are under LICENSE without a line of their own.
"""
import sys
from pathlib import Path

root = Path(sys.argv[1]).resolve()
ENDINGS = {".hpp", ".cpp", ".cu", ".cuh", ".inc", ".js", ".css", ".py", ".sh", ".cmake", ".yml", ".cff", ".build", ".mk"}
NAMES = {"CMakeLists.txt", "run", "meson.options"}
LINE = "SPDX-License-Identifier: MIT"

seen, without = 0, []
for path in sorted(root.rglob("*")):
    parts = path.relative_to(root).parts
    if parts[0].startswith("build") or parts[0] in (".git", "site") or "__pycache__" in parts or not path.is_file():
        continue
    if path.suffix not in ENDINGS and path.name not in NAMES:
        continue
    seen += 1
    with path.open() as file:
        if not any(LINE in line for line in [file.readline() for _ in range(3)]):
            without.append(f"{'/'.join(parts)}: its first lines do not say {LINE}")
if seen < 1000:
    without.append(f"only {seen} source files were found; the tree has over 1,000")
print("\n".join(without) or f"{seen} source files name their licence")
sys.exit(bool(without))
