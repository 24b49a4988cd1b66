# SPDX-License-Identifier: MIT
"""Seconds and memory of the compiler, and sizes of programs: ours, beside tiny-dnn's and dlib's where their Debian
packages are installed. Seconds are medians.

usage: python3 benchmarks/compile_time.py [g++] [compilations of each, 3]
"""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parent.parent
compiler = sys.argv[1] if len(sys.argv) > 1 else "g++"
repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 3
ours = ["-std=c++20", f"-I{root}/include", "-isystem", "/usr/include/eigen3", "-march=native"]


def network(layers):
    body = "".join(f"  model.add(Dense{{{64 + i % 3}, relu}});\n" for i in range(layers))
    return f"""#include <brindle/brindle.hpp>
using namespace brindle;
int main() {{
  Sequential<float> model{{{{32}}, Dense{{64, relu}}}};
{body}  Trainer trainer{{model, RMSprop{{}}, BinaryCrossentropy{{}}}};
  return static_cast<int>(model.predict(Tensor<float>({{1, 32}}))[0] + static_cast<float>(trainer.steps()));
}}
"""


# What the examples share is compiled once; its object files are linked to each of them.
shared = [root / "examples" / file for file in ("example.cpp", "device.cpp", "command_line.cpp", "drawn_pets.cpp")]
with_shared = " ".join(file.stem + ".o" for file in shared)

programs = [  # name, source or files, flags, whether to link, and with what
    ("#include <brindle/brindle.hpp>, front end", "#include <brindle/brindle.hpp>\n", ours + ["-fsyntax-only"], False),
    ("a network that predicts, -O3", """#include "brindle/nn/conv2d.hpp"
#include "brindle/nn/dense.hpp"
#include "brindle/nn/flatten.hpp"
#include "brindle/nn/max_pooling2d.hpp"
#include "brindle/nn/sequential.hpp"
#include "brindle/ops/cpu.hpp"
using namespace brindle;
int main() {
  Sequential<float> model{{150, 150, 3}, Conv2D{16, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{1, sigmoid}};
  return static_cast<int>(model.predict(Tensor<float>({1, 150, 150, 3}))[0]);
}
""", ours + ["-O3"], True),
    ("5 dense layers, trained, -O3", network(5), ours + ["-O3"], True),
    ("50 dense layers, trained, -O3", network(50), ours + ["-O3"], True),
    ("a program that loads a saved model and classifies a picture, -O3", """#include "brindle/image/decode.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/models/picture_classifier.hpp"
int main(int, char** argv) {
  const brindle::models::PictureClassifier classifier(argv[1]);
  return static_cast<int>(classifier.classify(brindle::image::decode(std::filesystem::path(argv[2]))).number);
}
""", ours + ["-O3"], True),
    ("what the examples share: four files, -O3", shared, ours + ["-O3"], False),
    ("examples/baseline.cpp, -O3", (root / "examples/baseline.cpp").read_text(), ours + ["-O3", f"-I{root}/examples"], with_shared),
    ("examples/classify.cpp, -O3", (root / "examples/classify.cpp").read_text(), ours + ["-O3", f"-I{root}/examples"], with_shared),
    ("examples/vgg16_finetune.cpp, -O3", (root / "examples/vgg16_finetune.cpp").read_text(), ours + ["-O3", f"-I{root}/examples"], with_shared),
    ("a small network trained with dlib, -O3", """#include <dlib/dnn.h>
using namespace dlib;
using net = loss_binary_log<fc<1, relu<fc<64, max_pool<2, 2, 2, 2, relu<con<16, 3, 3, 1, 1, input<matrix<rgb_pixel>>>>>>>>>;
int main() {
  net model;
  dnn_trainer<net> trainer(model);
  std::vector<matrix<rgb_pixel>> x;
  std::vector<float> y;
  trainer.train(x, y);
  return model(matrix<rgb_pixel>(32, 32)) > 0;
}
""", ["-std=c++14", "-w", "-O3", "-march=native"], "-ldlib -lblas -llapack"),
    ("#include <dlib/dnn.h>, front end", "#include <dlib/dnn.h>\n", ["-std=c++14", "-w", "-fsyntax-only"], False),
]
shim = pathlib.Path(tempfile.mkdtemp()) / "third_party"
shim.mkdir()
if pathlib.Path("/usr/include/stb").exists():
    (shim / "stb").symlink_to("/usr/include/stb")
programs.append(("#include <tiny_dnn/tiny_dnn.h>, front end", "#include <tiny_dnn/tiny_dnn.h>\n",
                 ["-std=c++14", "-w", "-fsyntax-only", f"-I{shim.parent}"], False))
programs.append(("a small network trained with tiny-dnn, -O3", """#include <tiny_dnn/tiny_dnn.h>
using namespace tiny_dnn;
using namespace tiny_dnn::activation;
int main() {
  network<sequential> model;
  model << convolutional_layer<relu>(32, 32, 3, 3, 16) << max_pooling_layer<identity>(30, 30, 16, 2)
        << fully_connected_layer<relu>(15 * 15 * 16, 64) << fully_connected_layer<sigmoid>(64, 1);
  RMSprop optimizer;
  std::vector<vec_t> x, y;
  model.fit<mse>(optimizer, x, y, 1, 1);
  return model.predict(vec_t(32 * 32 * 3))[0] > 0;
}
""", ["-std=c++14", "-w", "-O3", "-march=native", f"-I{shim.parent}"], True))

version = subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout.splitlines()[0]
print(f"Compiler: {version}\n")
print("| what | seconds | compiler's memory, MB | program, kB |\n|---|---|---|---|")
with tempfile.TemporaryDirectory() as folder:
    for name, source, flags, link in programs:
        file, program = pathlib.Path(folder) / "a.cpp", pathlib.Path(folder) / "a.out"
        if isinstance(source, str):
            file.write_text(source)
            command = [compiler, *flags, str(file)] + (["-o", str(program), "-pthread", "-s"] if link else [])
            command += link.split() if isinstance(link, str) else []
        else:
            command = [compiler, *flags, "-c", *map(str, source)]
        times, memory = [], 0
        for _ in range(repeats):
            child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                break
            times.append(usage.ru_utime + usage.ru_stime)
            memory = usage.ru_maxrss
        if child.returncode:
            print(f"| {name} | does not compile here | | |")
            continue
        size = f"{program.stat().st_size / 1e3:.0f}" if link else ""
        print(f"| {name} | {statistics.median(times):.1f} | {memory / 1e3:.0f} | {size} |", flush=True)
