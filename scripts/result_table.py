# SPDX-License-Identifier: MIT
"""A table of docs/portability.md whose rows are those of a file in docs/results/, for the scripts beside this one.

The page marks what is written here: <!-- NAME --> ... <!-- /NAME -->.
"""
import csv
import datetime
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class ResultTable:
    """columns: of the file, the last two date and commit. key: those that name a row. order: of a row. lines: of all rows, as Markdown.
    maker: the script that runs what the rows tell."""

    def __init__(self, name, columns, key, order, lines, maker):
        self.name, self.columns, self.key, self.order, self.lines, self.maker = name, columns, key, order, lines, maker
        self.block = re.compile(rf"(<!-- {name} -->\n)(.*?)(<!-- /{name} -->)", re.S)

    def rows(self, root):
        kept = root / f"docs/results/{self.name}.csv"
        if not kept.exists():
            return []
        with kept.open(newline="") as file:
            return list(csv.DictReader(file))

    def written(self, text, rows):
        if not self.block.search(text):
            sys.exit(f"docs/portability.md: the marks of its table \"{self.name}\" are gone")
        return self.block.sub(lambda match: match[1] + "\n".join(self.lines(rows)) + "\n" + match[3], text)

    def record(self, values):
        """Puts a row into the file and the page; values: all but date and commit."""
        git = lambda *words: subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True).stdout.strip()
        changed = git("status", "--porcelain", "--", "include", "tests/portability")
        commit = git("rev-parse", "--short", "HEAD") + (" and changes" if changed else "")
        row = dict(zip(self.columns, [*values, datetime.date.today().isoformat(), commit]))
        rows = [other for other in self.rows(ROOT) if any(other[k] != row[k] for k in self.key)] + [row]
        rows.sort(key=self.order)
        with (ROOT / f"docs/results/{self.name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, self.columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        page = ROOT / "docs/portability.md"
        page.write_text(self.written(page.read_text(), rows))

    def check(self, root):
        text = (root / "docs/portability.md").read_text()
        if self.written(text, self.rows(root)) != text:
            sys.exit(f"docs/portability.md is not what docs/results/{self.name}.csv gives: run {self.maker}, and change nothing by hand")

    def main(self, usage):
        """The command line: record VALUE..., or --check [ROOT]."""
        if len(sys.argv) == len(self.columns) and sys.argv[1] == "record":
            self.record(sys.argv[2:])
        elif sys.argv[1:2] == ["--check"] and len(sys.argv) <= 3:
            self.check(Path(sys.argv[2]) if len(sys.argv) == 3 else ROOT)
        else:
            sys.exit(usage)
