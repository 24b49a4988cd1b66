# SPDX-License-Identifier: MIT
"""Checks that the code that pages show is the code that is there: excerpts.py SOURCE

A page marks an excerpt by a comment in front of its fence:

    <!-- source: include/brindle/nn/plan_inl.hpp -->
    ```cpp
    ...
    ```

The excerpt's lines must follow each other in that file; a line "// ..." stands for some that were left out. Indentation and
empty lines do not count. Also checks the files that docs/architecture.md and the pages with excerpts name in backticks.
"""
import re
import sys
from pathlib import Path

root = Path(sys.argv[1]).resolve()
# Pages of excerpts, and how many they have at least: all their fences of C++ are marked.
PAGES = {"docs/one-step.md": 12}
NAMES_FILES = ["docs/architecture.md", *PAGES]
EXCERPT = re.compile(r"^<!-- source: (\S+) -->\n```cpp\n(.*?)^```", re.M | re.S)


def lines_of(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def missing(excerpt, source):
    """The first line of the excerpt at which the source goes another way; none: all of it is there."""
    parts, part = [], []
    for line in [*lines_of(excerpt), "// ..."]:
        if line == "// ...":
            parts.append(part)
            part = []
        else:
            part.append(line)
    at = 0  # in the source, behind the part before
    for part in filter(None, parts):
        best = 0
        for begin in range(at, len(source)):
            same = 0
            while same < len(part) and begin + same < len(source) and source[begin + same] == part[same]:
                same += 1
            best = max(best, same)
            if same == len(part):
                at = begin + same
                break
        else:
            return part[best]
    return None


faults, excerpts = [], 0
for path in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
    name, text = str(path.relative_to(root)), path.read_text()
    seen = 0
    for match in EXCERPT.finditer(text):
        seen += 1
        at = f"{name}:{text.count(chr(10), 0, match.start()) + 1}: source: {match.group(1)}"
        file = root / match.group(1)
        if not file.is_file():
            faults.append(f"{at}: no such file")
        elif not lines_of(match.group(2)):
            faults.append(f"{at}: shows nothing")
        elif line := missing(match.group(2), lines_of(file.read_text())):
            faults.append(f"{at}: the file does not go on with: {line}")
    excerpts += seen
    if seen != text.count("<!-- source:"):
        faults.append(f"{name}: a <!-- source: ... --> without ```cpp on the next line")
    if name in PAGES and text.count("```cpp") != seen:
        faults.append(f"{name}: a ```cpp without <!-- source: ... --> in front of it")
    if seen < PAGES.get(name, 0):
        faults.append(f"{name}: has {seen} excerpts, expected at least {PAGES[name]}")
for name in NAMES_FILES:
    text = (root / name).read_text()
    for file in sorted(set(re.findall(r"`((?:\w+/)+\w+\.(?:hpp|cpp|inc|txt|py|md|cmake))`", text))):
        if not any((root / base / file).exists() for base in ("include/brindle", "", "docs")):
            faults.append(f"{name}: names {file}, which is not there")
    for file in sorted(set(re.findall(r"`([a-z]\w*\.(?:hpp|cpp))`", text))):
        if not any(list(root.glob(f"{folder}/**/{file}")) for folder in ("include", "examples", "tests")):
            faults.append(f"{name}: names {file}, which is not there")
print("\n".join(faults) or f"{excerpts} excerpts are in their files")
sys.exit(bool(faults))
