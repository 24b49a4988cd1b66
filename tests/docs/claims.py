# SPDX-License-Identifier: MIT
"""Compares what the pages claim with the code: claims.py SOURCE

A page marks a claim as <!-- claim:layers -->Conv2D, Dense<!-- /claim -->. What its words name must be what the code has, no
more and no less. The truth of each kind is read from the code, that of the GPU from docs/gpu.md, where it is told how it was
run; no other page may name another one, marked or not.
"""
import json
import re
import sys
from pathlib import Path

root = Path(sys.argv[1]).resolve()
include = root / "include" / "brindle"

# Which pages say what; a claim that lost its marks is a fault, too.
PAGES = {
    "README.md": "layers losses optimizers pictures weights compilers systems gpu",
    "CHANGELOG.md": "layers losses optimizers preprocessing pictures weights gpu",
    "docs/index.md": "layers losses optimizers pictures weights gpu",
    "docs/unsupported.md": "layers activations losses optimizers preprocessing pictures pictures_refused weights compilers systems gpu",
    "docs/gpu.md": "gpu",
    "docs/results.md": "gpu",
    "docs/howto/from-keras.md": "preprocessing",
}
# How pages call what files are called.
PICTURES = {".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".png": "PNG", ".bmp": "BMP", ".gif": "GIF",
            ".webp": "WebP", ".tif": "TIFF", ".tiff": "TIFF", ".heic": "HEIC", ".heif": "HEIC", ".avif": "AVIF",
            ".jp2": "JPEG 2000", ".jxl": "JPEG XL", ".tga": "TGA", ".ppm": "PPM", ".pgm": "PGM"}
PLAIN = {"PPM", "PGM"}  # named by the folder, not worth a word in pages
WORDS = {"and", "or", "with", "the", "a", "default"}


def code(path):
    """Of a header and of its definitions, which stand in <header>_inl.hpp, without comments."""
    files = [include / path, (include / path).with_name(Path(path).stem + "_inl.hpp")]
    return re.sub(r"//.*", "", "\n".join(file.read_text() for file in files if file.exists()))


def found(pattern, text, where):
    match = re.search(pattern, text, re.S)
    if not match:
        sys.exit(f"{where}: the truth of a claim is no longer where {Path(__file__).name} looks for it: {pattern}")
    return match.group(1)


def made(base):
    """Names of the descriptions that the library makes something of: std::unique_ptr<Optimizer<float, Cpu>> Adam::make()."""
    return set(re.findall(rf"std::unique_ptr<{base}<float, Cpu>> (\w+)::make\(\) const;", (include / "nn/instantiations.inc").read_text()))


def strings(text):
    return set(re.findall(r'"([^"]*)"', text))


def pictures():
    """Kinds that decode() hands to a reader, and those that a folder takes for pictures although there is none."""
    decode, folder = code("image/decode.hpp"), code("data/folder_listing.hpp")
    read = set(re.findall(r'kind == "(\w+)"', found(r"bool known = ([^;]*);", decode, "image/decode.hpp")))
    named = strings(found(r"named_as_picture\(.*?\{(\".*?)\}", folder, "data/folder_listing.hpp"))
    unknown = sorted(named - set(PICTURES))
    if unknown:
        sys.exit(f"data/folder_listing.hpp: {', '.join(unknown)}: {Path(__file__).name} does not know the kind's name")
    kinds = {PICTURES[ending] for ending in named}
    for kind in read - kinds:
        sys.exit(f"image/decode.hpp reads {kind}, and data/folder_listing.hpp takes no file for one")
    for kind in read:
        if not (include / "image" / f"{kind.lower()}.hpp").exists():
            sys.exit(f"image/decode.hpp reads {kind}, and there is no image/{kind.lower()}.hpp")
    message = found(r"has no pictures \(([^)]*) by their extension", folder, "data/folder_listing.hpp")
    if set(re.findall(r"[A-Z][A-Za-z]+", message)) != read:
        sys.exit(f"data/folder_listing.hpp's message names {message}; image/decode.hpp reads {', '.join(sorted(read))}")
    return read, kinds - read - PLAIN


def compilers():
    """Those that consumer_matrix.sh expects to run a program; versions by the packages, the presets and the system."""
    matrix = (root / "scripts/consumer_matrix.sh").read_text()
    names = set()
    for compiler, flags in re.findall(r"^row runs (\S+) (.*)$", matrix, re.M):
        if compiler.startswith("clang"):
            names.add("Clang " + compiler.rpartition("-")[2])
            names.add("libc++" if "-stdlib=libc++" in flags else "libstdc++")
        elif compiler == "g++":
            names.add("GCC " + GCC_OF[system()])
        for standard in re.findall(r"-std=c\+\+(\w+)", flags):
            names.add("C++" + {"2b": "23"}.get(standard, standard))
    presets = json.loads((root / "CMakePresets.json").read_text())["configurePresets"]
    for preset in presets:
        compiler = preset.get("cacheVariables", {}).get("CMAKE_CXX_COMPILER", "")
        if compiler.startswith("clang++-") and "Clang " + compiler.rpartition("-")[2] not in names:
            sys.exit(f"CMakePresets.json: {preset['name']} uses {compiler}, which scripts/consumer_matrix.sh does not try")
    return names


GCC_OF = {"Debian 11": "10", "Debian 12": "12", "Debian 13": "14"}  # which g++ is


def system():
    """The one that newcomer.sh makes an empty one of."""
    release = found(r"debootstrap \S+ (\w+)", (root / "scripts/newcomer.sh").read_text(), "scripts/newcomer.sh")
    return {"bullseye": "Debian 11", "bookworm": "Debian 12", "trixie": "Debian 13"}[release]


def named(kind, text):
    """What a claim's words name."""
    if kind == "weights":
        return set(re.findall(r"\.\w+(?:\.\w+)?", text))
    if kind == "compilers":
        return set(re.findall(r"(?:GCC|Clang|MSVC) \d+|libstdc\+\+|libc\+\+|C\+\+\d+", text))
    if kind in ("gpu", "systems"):
        return {text.strip()}
    if kind in ("pictures", "pictures_refused"):
        return {part.strip() for part in re.split(r",|\band\b|\bor\b", text)}
    return set(re.findall(r"\w+", text)) - WORDS


CLAIM = re.compile(r"<!-- claim:(\w+) -->(.*?)<!-- /claim -->", re.S)
readable, unreadable = pictures()
gpu = found(r"<!-- claim:gpu -->(.*?)<!-- /claim -->", (root / "docs/gpu.md").read_text(), "docs/gpu.md")
truths = {
    "layers": strings(found(r"library_layers\[\] = \{(.*?)\}", code("nn/library_layers.hpp"), "nn/library_layers.hpp")),
    "activations": set(re.findall(r"ACTIVATION\((\w+), \w+\)", code("ops/activation_function.hpp"))) | {"softmax"},
    "losses": made("Loss"),
    "optimizers": made("Optimizer"),
    "preprocessing": strings(found(r"named_preprocessings\[\] = \{(.*?)\};", code("image/preprocessing.hpp"),
                                   "image/preprocessing.hpp")),
    "pictures": readable,
    "pictures_refused": unreadable,
    "weights": named("weights", found(r'"weights are read from ([^"]*) files"', code("io/weight_format.hpp"),
                                      "io/weight_format.hpp")),
    "compilers": compilers(),
    "systems": {system()},
    "gpu": {gpu},
}
# The layers that the list names are those that a model's text can name.
registered = set()
for path in include.glob("nn/*.hpp"):
    text = code(path.relative_to(include))
    for name in re.findall(r"class (\w+)Layer(?: final)? : public [\w:]*Layer<T, Device>", text):
        registered.update(re.findall(r'std::string type\(\) const override \{ return "(\w+)"', text))
if registered != truths["layers"]:
    sys.exit(f"nn/library_layers.hpp names {sorted(truths['layers'])}, the classes in nn/ are {sorted(registered)}")
if {"." + name for name in found(r"enum class WeightFormat \{(.*?)\}", code("io/weight_format.hpp"), "io/weight_format.hpp")
        .replace(" ", "").replace("hdf5", "h5").split(",")} != truths["weights"] - {".weights.h5", ".pth"}:
    sys.exit("io/weight_format.hpp: the message about formats does not name those of WeightFormat")

faults = []
for path in [root / "README.md", root / "CHANGELOG.md", *sorted((root / "docs").rglob("*.md"))]:
    name, text = str(path.relative_to(root)), path.read_text()
    marks, seen = len(re.findall(r"<!-- /?claim", text)), set()
    for match in CLAIM.finditer(text):
        kind, words = match.group(1), " ".join(match.group(2).split())
        at = f"{name}:{text.count(chr(10), 0, match.start()) + 1}: claim:{kind}"
        marks -= 2
        seen.add(kind)
        if kind not in truths:
            faults.append(f"{at}: no such kind; there are {', '.join(truths)}")
            continue
        if not text[:match.start()].rpartition("\n")[2].strip():
            faults.append(f"{at}: stands at the beginning of a line, where it would end the paragraph")
        claimed, truth = named(kind, words), truths[kind]
        if claimed != truth:
            faults.append(f"{at}: says too much: {', '.join(sorted(claimed - truth)) or 'nothing'}; "
                          f"lacks: {', '.join(sorted(truth - claimed)) or 'nothing'}")
    if marks:
        faults.append(f"{name}: a claim without its beginning or end")
    for kind in sorted(set(PAGES.get(name, "").split()) - seen):
        faults.append(f"{name}: its claim:{kind} is no longer marked")
    for model in re.findall(r"\b(?:NVIDIA |Tesla |RTX |GTX )?(?:[ABHLTV]\d{2,3}|RTX \d{4}|GTX \d{4})\b", text):
        if model.split()[-1] != gpu.split()[-1]:
            faults.append(f"{name}: names the GPU {model}; docs/gpu.md says that {gpu} was run, and no other")
    for words in re.findall(r"nothing has (?:ever )?run on (?:a GPU|one)", text):
        faults.append(f"{name}: \"{words}\"; docs/gpu.md says that {gpu} was run")
    for compiler in sorted(set(re.findall(r"\b(?:GCC|Clang) \d+", text)) - truths["compilers"]):
        faults.append(f"{name}: names {compiler}; tried are {', '.join(sorted(truths['compilers']))}")
print("\n".join(faults) or f"{len(truths)} kinds of claims agree with the code")
sys.exit(bool(faults))
