#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the library as one file each: brindle_all.hpp, and brindle_inference.hpp for programs that only run a model.

    python3 scripts/amalgamate.py [FOLDER]        default: build/amalgamated

Both are the header-only form, for the processor. They need what the headers need: Eigen (-isystem), stb and nlohmann/json. Of
brindle_inference.hpp, one source file defines BRINDLE_INFERENCE_IMPLEMENTATION before it includes it, the others do not.
"""
import re
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
include = root / "include"
INCLUDE = re.compile(r'^#include "(brindle/[^"]+)"')
LEFT_OUT = re.compile(r"brindle/(compiled/|compiled\.hpp|definitions\.hpp|distributed\.hpp|io/definitions\.hpp|inference|(.*/)?cuda|ops/cpu_library|ops/kernel_table)")  # the compiled form, MPI, the GPU


def known(condition):
    """What a condition is where the headers are everything: BRINDLE_COMPILED is not defined. None: it depends."""
    text = condition.strip()
    if text == "#ifdef BRINDLE_COMPILED" or text.startswith("#if defined(BRINDLE_COMPILED) &&"):
        return False
    if text == "#ifndef BRINDLE_COMPILED":
        return True
    return None


class Writer:
    def __init__(self):
        self.lines, self.seen = [], set()

    def add(self, name, inside=False):
        once = not name.endswith(".inc")
        if once and name in self.seen:
            return
        self.seen.add(name)
        stack = []  # of each open condition: (its value or None, the branch that is read now is kept)
        for number, line in enumerate((include / name).read_text().splitlines(), 1):
            text = line.strip()
            kept = all(keep for _, keep in stack)
            if re.match(r"#\s*if", text):
                value = known(text)
                stack.append((value, value is not False))
                if value is None and kept:
                    self.lines.append(line)
                continue
            if re.match(r"#\s*(else|elif)", text) and stack and stack[-1][0] is not None:
                value, _ = stack[-1]
                stack[-1] = (value, value is False and text.startswith("#else"))
                continue
            if re.match(r"#\s*endif", text):
                value, _ = stack.pop()
                if value is None and all(keep for _, keep in stack):
                    self.lines.append(line)
                continue
            if not kept or text == "#pragma once" or text.startswith("// SPDX-"):
                continue
            found = INCLUDE.match(line)
            if not found:
                self.lines.append(line)
                continue
            depends = inside or any(value is None for value, _ in stack)
            if depends and not found[1].endswith(".inc") and found[1] not in self.seen:
                sys.exit(f"{name}:{number}: includes {found[1]} under a condition, which one file cannot")
            self.add(found[1], depends)


def version():
    text = (include / "brindle/core/version.hpp").read_text()
    return ".".join(re.search(rf"BRINDLE_VERSION_{part} (\d+)", text)[1] for part in ("MAJOR", "MINOR", "PATCH"))


def head(what):
    licence = "".join(f"// {line}".rstrip() + "\n" for line in (root / "LICENSE").read_text().splitlines())
    return (f"// SPDX-License-Identifier: MIT\n// brindle {version()}, {what}, as one file. Made by scripts/amalgamate.py; change the headers instead.\n//\n{licence}"
            "#pragma once\n\n#ifdef BRINDLE_COMPILED\n#error \"this file is the header-only form of brindle; leave out brindle::compiled\"\n#endif\n")


def write(path, text):
    path.write_text(text)
    print(f"{path}: {len(text.splitlines())} lines, {len(text) // 1000} kB")


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else root / "build/amalgamated"
    folder.mkdir(parents=True, exist_ok=True)

    whole = Writer()
    whole.add("brindle/brindle.hpp")
    for path in sorted((include / "brindle").rglob("*.hpp")):
        name = str(path.relative_to(include))
        if not LEFT_OUT.match(name) and not name.endswith("_inl.hpp"):
            whole.add(name)
    write(folder / "brindle_all.hpp", head("the whole library") + "\n".join(whole.lines) + "\n")

    parts = Writer()
    parts.add("brindle/inference.hpp")
    declarations = parts.lines
    parts.lines = []
    parts.add("brindle/inference_implementation.hpp")
    write(folder / "brindle_inference.hpp",
          head("what runs a saved model") + "\n".join(declarations) +
          "\n\n#ifdef BRINDLE_INFERENCE_IMPLEMENTATION\n" + "\n".join(parts.lines) + "\n#endif\n")


main()
