#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the public names of the library with those of public_names.txt.

    public_names.py <doxygen> <project> <build folder> [--write]

Public: classes, structs, enumerations, functions, concepts, aliases and constants of namespace brindle and of those in
it, except detail, internal, kernel, reference and what report draws letters and progress with. Members of classes are
not looked at, nor what only nvcc compiles. Exit status 77 says that the test was skipped. --write makes the list anew.
"""
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as ET

INTERNAL = {"detail", "internal", "kernel", "reference", "font", "progress"}
INLINE = "libraries_only"  # what BRINDLE_CUDA_UNIT is where nvcc does not compile
SETTINGS = """@INCLUDE = {project}/docs/Doxyfile
INPUT = {project}/include/brindle
OUTPUT_DIRECTORY = {build}
EXCLUDE_PATTERNS =
EXCLUDE_SYMBOLS =
EXTRACT_ALL = YES
GENERATE_HTML = NO
GENERATE_XML = YES
XML_OUTPUT = public_names
XML_PROGRAMLISTING = NO
WARNINGS = NO
WARN_IF_UNDOCUMENTED = NO
WARN_IF_DOC_ERROR = NO
"""


def read_names(folder):
    """The public names in Doxygen's XML, each with the header that it is in."""
    compounds = ET.parse(folder / "index.xml").getroot().findall("compound")
    namespaces = {c.find("name").text for c in compounds if c.get("kind") == "namespace"}
    names = {}

    def add(name, location):
        parts = [part for part in name.split("::") if part != INLINE]
        # A specialisation has the name of its template.
        if not INTERNAL & set(parts) and "<" not in name and not parts[-1].startswith(("operator", "@")):
            names["::".join(parts)] = location.get("file") if location is not None else "?"

    for compound in compounds:
        kind, name = compound.get("kind"), compound.find("name").text
        if kind not in ("namespace", "class", "struct", "union", "concept"):
            continue
        if not name.startswith("brindle::") and name != "brindle":
            continue
        page = ET.parse(folder / (compound.get("refid") + ".xml")).getroot()
        if kind == "namespace":
            for member in page.iter("memberdef"):
                add(name + "::" + member.find("name").text, member.find("location"))
        elif name.split("<")[0].rpartition("::")[0] in namespaces:
            add(name, page.find("compounddef/location"))
    return names


def main():
    doxygen, project, build = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    committed = project / "tests/structure/public_names.txt"
    settings = SETTINGS.format(project=project, build=build)
    try:
        subprocess.run([doxygen, "-"], input=settings, text=True, check=True, cwd=project, stdout=subprocess.DEVNULL)
    except FileNotFoundError:
        print("skipped: there is no doxygen")
        return 77
    found = read_names(build / "public_names")
    if "--write" in sys.argv:
        committed.write_text("".join(name + "\n" for name in sorted(found)))
        return 0
    listed = committed.read_text().split()
    wrong = [
        f"{name} ({found[name]}) is a new public name: that is a decision. Add it to tests/structure/public_names.txt, "
        "or move it to namespace detail (internal in image, data, report and testing)."
        for name in sorted(found.keys() - set(listed))
    ]
    wrong += [
        f"{name} is gone, programs that write it no longer compile. If it is meant, remove it from "
        "tests/structure/public_names.txt and tell of it in CHANGELOG.md."
        for name in sorted(set(listed) - found.keys())
    ]
    if listed != sorted(set(listed)):
        wrong.append("tests/structure/public_names.txt is not sorted, or has a name twice.")
    print("\n".join(wrong) if wrong else f"{len(found)} public names, all of them listed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
