#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The helpers of a room's tests have names of their own: helper_names.py TESTS ROOM...

The compiler is given several files of such a room as one unit. Two helpers of one name would be one too many there, or, where
their parameters differ, overloads: a test might then call the other file's.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

HELPERS = re.compile(r"^namespace \{$(.*?)^\}  // namespace$", re.DOTALL | re.MULTILINE)
# Of lines that begin in the first column: a type, an alias, or what stands in front of parameters or a value.
NAMES = re.compile(r"^(?:(?:struct|union|class|enum class|enum|using) (\w+)|[a-zA-Z_][^={};()]*?(\w+)(?:\[\w*\])?(?: =|[({;]))", re.MULTILINE)

tests, rooms = Path(sys.argv[1]), sys.argv[2:]
good = True
for room in rooms:
    files = sorted((tests / room).glob("*_test.cpp"))
    if not files:
        sys.exit(f"expected tests in {tests / room}, found none")
    where = defaultdict(set)
    for file in files:
        for helpers in HELPERS.findall(file.read_text()):
            for match in NAMES.finditer(re.sub(r"^template <.*>$", "", helpers, flags=re.MULTILINE)):
                where[match[1] or match[2]].add(file.name)
    for name, those in sorted(where.items()):
        if len(those) > 1:
            print(f"{room}: {' and '.join(sorted(those))} have a helper \"{name}\" each: rename all but one, or share it in tests/support/")
            good = False
sys.exit(0 if good else 1)
