# SPDX-License-Identifier: MIT
"""Puts the C++ of the documentation's pages into one program that runs all of it.

    python3 extract.py OUT.cpp PAGE.md ...

Every block ```cpp has to be a whole program. Each becomes a namespace with a function; includes come first, once. Runs are
made short: one epoch, batches of 4. A block whose main() says "// needs FILE" runs only where the file is.
"""
import re
import sys
from pathlib import Path

out, pages = Path(sys.argv[1]), [Path(p) for p in sys.argv[2:]]
includes, bodies, calls = set(), [], []
for page in pages:
    text = page.read_text()
    for number, match in enumerate(re.finditer(r"^```cpp\n(.*?)^```", text, re.M | re.S), 1):
        code = match.group(1)
        line = text[: match.start()].count("\n") + 2
        if "int main()" not in code:
            sys.exit(f"{page}:{line}: a block without int main(); make it a whole program")
        needs = re.search(r"int main\(\) \{\s*// needs (\S+)", code)
        includes.update(re.findall(r"^#include .*$", code, re.M))
        name = re.sub(r"\W", "_", page.stem) + f"_{number}"
        code = re.sub(r"^#include .*$", "", code, flags=re.M)
        code = re.sub(r"\.epochs = \d+", ".epochs = 1", code)
        code = re.sub(r"\.batch = \d+", ".batch = 4", code)
        code = code.replace("int main()", "void run()")
        bodies.append(f'namespace {name} {{\n#line {line} "{page}"\n{code}\n}}\n')
        need = f'"{needs.group(1)}"' if needs else "nullptr"
        calls.append(f'    {{"{page.name}, block {number}", {need}, {name}::run}},')

# The library's names are used inside namespaces of their own, so the pages may repeat them.
out.write_text(
    "\n".join(sorted(includes))
    + "\n#include <cstdio>\n#include <exception>\n#include <filesystem>\n\n"
    + "\n".join(bodies)
    + "\nint main() {\n  struct Block {\n    const char* name;\n    const char* needs;\n    void (*run)();\n  };\n"
    + "  const Block blocks[] = {\n" + "\n".join(calls) + "\n  };\n"
    + """  for (const Block& b : blocks) {
    if (b.needs && !std::filesystem::exists(b.needs)) {
      std::printf("%s: compiled; needs %s to run\\n", b.name, b.needs);
      continue;
    }
    std::printf("%s\\n", b.name);
    try {
      b.run();
    } catch (const std::exception& e) {
      std::printf("%s: %s\\n", b.name, e.what());
      return 1;
    }
  }
}
""")
