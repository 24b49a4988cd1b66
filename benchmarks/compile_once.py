# SPDX-License-Identifier: MIT
"""What the compiled form saves: processor seconds of programs in both forms, of building the library once, and of the same
programs with an earlier state of brindle in the same run. Seconds are medians; nothing else should run.

usage: python3 benchmarks/compile_once.py [--before CHECKOUT] [--compiler g++] [--repeats 3]
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile

root = pathlib.Path(__file__).resolve().parent.parent
parser = argparse.ArgumentParser()
parser.add_argument("--before", type=pathlib.Path, help="a checkout of an earlier commit")
parser.add_argument("--compiler", default="g++")
parser.add_argument("--repeats", type=int, default=3)
options = parser.parse_args()

classify = """#include "brindle/image/decode.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/models/picture_classifier.hpp"
int main(int, char** argv) {
  const brindle::models::PictureClassifier classifier(argv[1]);
  return static_cast<int>(classifier.classify(brindle::image::decode(std::filesystem::path(argv[2]))).number);
}
"""
train = """#include <brindle/brindle.hpp>
using namespace brindle;
int main(int, char** argv) {
  const data::Pictures photos = data::image_folder(argv[1], {.size = {64, 64}});
  Sequential<float> model{{64, 64, 3}, Conv2D{16, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{1, sigmoid}};
  Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
  trainer.fit(photos, {.batch = 30, .epochs = 3, .callbacks = {report::progress_line()}});
}
"""
programs = [  # name, source or file, only its front end
    ("`#include <brindle/brindle.hpp>`, front end", "#include <brindle/brindle.hpp>\n", True),
    ("a program that loads a saved model and classifies", classify, False),
    ("a program that trains a small network on a folder", train, False),
    ("`examples/baseline.cpp`", "examples/baseline.cpp", False),
    ("`examples/classify.cpp`", "examples/classify.cpp", False),
    ("`examples/train.cpp`", "examples/train.cpp", False),
]


def seconds(command, folder):
    """Processor seconds of a command and of what it starts; None if it fails."""
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return None if child.returncode else usage.ru_utime + usage.ru_stime


def compilation(tree, source, front_end, compiled, folder):
    file = folder / "program.cpp"
    file.write_text((tree / source).read_text() if source.endswith(".cpp") else source)
    flags = ["-std=c++20", "-O3", "-DNDEBUG", f"-I{tree}/include", f"-I{tree}/examples"]
    flags += ["-DBRINDLE_COMPILED"] if compiled else ["-isystem", "/usr/include/eigen3", "-march=native"]
    flags += ["-fsyntax-only"] if front_end else ["-c", "-o", str(folder / "program.o")]
    return seconds([options.compiler, *flags, str(file)], folder)


def library(isas, folder):
    build = folder / "build"
    subprocess.run(["rm", "-rf", str(build)], check=True)
    subprocess.run(["cmake", "-S", str(root), "-B", str(build), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                    f"-DCMAKE_CXX_COMPILER={options.compiler}", f"-DBRINDLE_COMPILED_ISAS={isas}", "-DBRINDLE_TESTS=OFF",
                    "-DBRINDLE_EXAMPLES=OFF", "-DBRINDLE_BENCHMARKS=OFF"], stdout=subprocess.DEVNULL, check=True)
    return seconds(["cmake", "--build", str(build), "--target", "brindle_compiled"], folder)


def shown(times):
    return "does not compile" if None in times else f"{statistics.median(times):.1f}"


version = subprocess.run([options.compiler, "--version"], capture_output=True, text=True).stdout.splitlines()[0]
print(f"{version}, -O3; processor seconds\n")
print("| what | " + ("before | " if options.before else "") + "header-only | compiled form |")
print("|---" * (4 if options.before else 3) + "|")
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    for what, source, front_end in programs:
        ways = ([(options.before, False)] if options.before else []) + [(root, False), (root, True)]
        times = [[] for _ in ways]
        for _ in range(options.repeats):  # in turn, so that what slows the machine down slows all of them down
            for way, (tree, compiled) in enumerate(ways):
                times[way].append(compilation(tree, source, front_end, compiled, folder))
        print(f"| {what} | " + " | ".join(map(shown, times)) + " |", flush=True)
    for what, isas in (("one instruction set", "x86-64-v3"), ("three", "auto")):
        cells = ["–"] * (2 if options.before else 1) + [shown([library(isas, folder)])]
        print(f"| building `brindle::compiled` once, {what} | " + " | ".join(cells) + " |", flush=True)
