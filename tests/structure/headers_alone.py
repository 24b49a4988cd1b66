#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each header of the library compiles alone, warnings being errors; those for the GPU where CUDA's headers are.

    headers_alone.py COMPILER INCLUDE EIGEN HERE OUT BUILD CMAKE [CUDA]

A header that a program of the compiled form may include does so in that form, without Eigen, JSON and stb: what it does
not include itself comes from nowhere. What is not for such programs (kernels, JSON) compiles with the libraries.
Definitions (<noun>_inl.hpp) do so header-only, all in one unit, from the first to the last and from the last to the
first: what one of them needs does not come from those in front of it. The library's units and compiled.hpp are left
out: the library and tests/compiled/ compile them, each alone; distributed.hpp and cuda_distributed.hpp, too, which
tests/mpi/ and tests/cuda/nccl/ compile where MPI and NCCL are.

A header that includes core/tensor.hpp, itself or by way of others, has all of that file in front of it anyway. So the
headers that most others include (ROOTS) are precompiled, and a header starts with the first of them that it includes. And
it may stand in one unit behind another header that it includes: of such chains, from a header to one that includes it, there
are half as many as headers. The answer is that of the compiler for each alone, in a fraction of the time; what fails in a
chain is compiled alone, which tells whose fault it is.
"""

import functools
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# The larger ones first.
ROOTS = ["io/json", "ops/eigen", "io/onnx_graph", "core/cuda", "train/callback", "nn/layer", "core/tensor", "core/error"]

UNITS = re.compile(r"brindle/(compiled(/(classifier|core|data|definitions|image|inference|io|kernels|models|nn|ops|report|train))?"
                   r"|definitions|distributed|cuda_distributed|inference_implementation)\.hpp")
NEEDS_THE_LIBRARIES = re.compile(
    r"definitions\.hpp$|inference_implementation\.hpp$|compiled[./]|cuda"
    r"|ops/(.*/)?(amx|amx_gemm|amx_weights|amx_winograd|cpu|eigen|cpu_kernels|cpu_bias_activation|cpu_chunks|cpu_lanes|cpu_packets|gathered_gemm|gradient_rows|partial_gradient_sums|micro_kernel|normalize_rows|rows|bands|backward|implicit_gemm(_convolution|_gradient|_weights)?|picture_bands|picture_blocks|tiles|winograd.*)\.hpp$"
    r"|image/stb\.hpp$|io/(.*json|keras_config|keras_node|keras_description|keras_parts|keras_training|keras_weights)\.hpp$")

compiler, include, eigen, here, out = sys.argv[1:6]
cuda = sys.argv[8:9]
out = Path(out) / "headers_alone"
out.mkdir(parents=True, exist_ok=True)
bare = subprocess.run(["bash", "-c", 'source "$1"; bare_system "$2" "$3" >&2; printf "%s\\n" "${bare[@]}"', "bash",
                       f"{here}/../support/bare_system.sh", str(out / "system"), compiler],
                      check=True, capture_output=True, text=True).stdout.split()
libraries = ["-isystem", eigen] + [word for folder in cuda for word in ("-isystem", folder)]
flags = ["-std=c++20", "-O0", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror",
         "-DBRINDLE_NO_BUILD_ADVICE", f"-I{include}"]
suffix = ".pch" if "clang" in subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout else ".gch"
if suffix == ".gch":
    flags.append("--param=ggc-min-heapsize=1048576")  # KiB before it looks for what it could forget: saves time


@functools.cache
def includes(header):
    """The headers of brindle that it includes itself, whatever is defined."""
    depth, found = 0, []
    for line in (Path(include) / header).read_text().splitlines():
        depth += bool(re.match(r"#\s*if", line)) - bool(re.match(r"#\s*endif", line))
        if match := re.match(r'#include ["<](brindle/[^">]+)', line):
            if depth == 0:
                found.append(match[1])
    return found


@functools.cache
def reached(header):
    """All that it includes, also by way of others."""
    found, open_ones = set(), [header]
    while open_ones:
        for each in includes(open_ones.pop()):
            if each not in found:
                found.add(each)
                open_ones.append(each)
    return found


def form(header):
    """How it is compiled: words for that, and options."""
    if NEEDS_THE_LIBRARIES.search(header) and header != "brindle/ops/cpu.hpp":
        return "header-only", libraries
    return "compiled form, without Eigen, JSON and stb", [*bare, "-DBRINDLE_COMPILED"]


@functools.cache
def precompiled(header):
    """The file that it starts with, and its text."""
    root = next((root for root in ROOTS if f"brindle/{root}.hpp" in reached(header)), None)
    file = out / f"{form(header)[0].split()[0]}_{root.replace('/', '_') if root else 'nothing'}.hpp"
    return file, f'#include "brindle/{root}.hpp"\n' if root else ""


def chains(headers):
    """The headers in as few lists as can be, in each of which all start with the same file and each includes the one before."""
    after = {header: [each for each in headers if header in reached(each) and precompiled(each) == precompiled(header)]
             for header in headers}
    before = {}  # of a header, the one that stands in front of it

    def place(header, tried):
        """In front of one of those that include it, whose own place another header may have to leave (augmenting paths)."""
        for each in after[header]:
            if each not in tried:
                tried.add(each)
                if each not in before or place(before[each], tried):
                    before[each] = header
                    return True
        return False

    lists = []
    # Those that include most are placed first: those that remain, the last ones of the chains, are then cheap.
    for header in sorted(headers, key=lambda header: -len(reached(header))):
        if not place(header, set()):
            lists.append([header])
    for chain in lists:
        while chain[0] in before:
            chain.insert(0, before[chain[0]])
    return lists


def run(options, file, complaint):
    result = subprocess.run([compiler, *flags, *options, file], capture_output=True, text=True)
    if result.returncode:
        sys.stderr.write(f"{result.stderr}{complaint}\n")
    return result.returncode == 0


def precompile(job):
    file, text, header = job
    file.write_text(text)
    return run([*form(header)[1], "-x", "c++-header", "-o", f"{file}{suffix}"], file, f"cannot be precompiled: {file}")


def compile_chain(chain):
    unit = out / (chain[-1].replace("/", "_") + ".cpp")
    unit.write_text("".join(f'#include "{header}"\n' for header in chain))
    words, options = form(chain[0])
    good = run([*options, "-fsyntax-only", "-include", precompiled(chain[0])[0]], unit,
               f"does not compile alone ({words}): {chain[0]}" if len(chain) == 1 else f"one of: {', '.join(chain)}")
    if not good and len(chain) > 1:
        for header in chain:
            compile_chain([header])
    return good


def compile_definitions(name, definitions):
    unit = out / f"definitions_{name}.cpp"
    unit.write_text("".join(f'#include "{each}"\n' for each in definitions))
    return run(["-isystem", eigen, "-fsyntax-only"], unit, f"definitions do not compile: {unit}")


paths = sorted(str(path.relative_to(include)) for path in Path(include, "brindle").rglob("*.hpp"))
definitions = [path for path in paths if path.endswith("_inl.hpp")]
headers = [path for path in paths if path not in definitions and not UNITS.fullmatch(path) and (cuda or "cuda" not in path)]
if len(headers) < 200 or len(definitions) < 50:
    sys.exit(f"expected hundreds of headers, found {len(headers)} and {len(definitions)} with definitions")

starts = {precompiled(header): header for header in headers}
with ThreadPoolExecutor(os.cpu_count()) as workers:
    orders = [workers.submit(compile_definitions, "forwards", definitions),
              workers.submit(compile_definitions, "backwards", definitions[::-1])]
    good = all(list(workers.map(precompile, [(file, text, header) for (file, text), header in starts.items()])))
    good = all(list(workers.map(compile_chain, chains(headers)))) and good
    good = all(order.result() for order in orders) and good
sys.exit(0 if good else 1)
