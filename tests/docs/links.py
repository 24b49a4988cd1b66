# SPDX-License-Identifier: MIT
"""Checks that the links between the pages lead to files and headings that are there: links.py SOURCE"""
import re
import sys
from pathlib import Path

root = Path(sys.argv[1]).resolve()
pages = [root / "README.md", root / "CHANGELOG.md", root / "packaging" / "README.md", *sorted((root / "docs").rglob("*.md"))]


def anchors(page):
    """The headings of a page as GitHub and MkDocs name them."""
    names = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", n.lower()).strip().replace(" ", "-") for n in names}


bad = []
for page in pages:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        to = (page.parent / path).resolve() if path else page
        if not to.exists():
            bad.append(f"{page}: {target}: no such file")
        elif anchor and to.suffix == ".md" and anchor not in anchors(to):
            bad.append(f"{page}: {target}: no such heading")
        elif "docs" in page.parts and path.endswith(".md") and (root / "docs") not in to.parents:
            bad.append(f"{page}: {target}: leaves docs/, which the site does not hold")
print("\n".join(bad) or f"{len(pages)} pages, every link leads somewhere")
sys.exit(bool(bad))
