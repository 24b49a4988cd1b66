# SPDX-License-Identifier: MIT
"""The figure of scaling.py: times as fast, by the number of processes, both axes in doublings."""
import math

LINES = ["#0072b2", "#d55e00", "#007a5a", "#9b4f96"], ["#56b4e9", "#f0a13c", "#3ecf9f", "#d79bd3"]  # light, dark
GROUND, TEXT, GRID, AXIS = ("#ffffff", "#15181c"), ("#333333", "#cfd4da"), ("#e3e6ea", "#2b3036"), ("#8a9099", "#767d86")
WIDTH, HEIGHT, LEFT, TOP, PANEL, GAP, BOTTOM = 960, 430, 56, 62, 400, 64, 356


def style(dark):
    k = 1 if dark else 0
    rules = [f".ground {{ fill: {GROUND[k]}; }}", f"text {{ fill: {TEXT[k]}; }}", f".grid {{ stroke: {GRID[k]}; }}",
             f".ideal {{ stroke: {AXIS[k]}; stroke-dasharray: 2 4; }}"]
    rules += [f".line{i} {{ stroke: {c}; }} .name{i} {{ fill: {c}; }}" for i, c in enumerate(LINES[k])]
    return "\n".join(rules)


def drawing(title, panels, processes):
    """panels: name of the network -> name of the workload -> times as fast, one for each of `processes`."""
    top = math.log2(processes[-1])
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">',
           f"<title>{title}</title>", "<style>",
           'text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }',
           "path { fill: none; stroke-width: 2.5; stroke-linejoin: round; } .grid, .ideal { stroke-width: 1; }",
           ".title { font-size: 16px; font-weight: 600; } .right { text-anchor: end; } .middle { text-anchor: middle; }",
           style(False), "@media (prefers-color-scheme: dark) {", style(True), "}", "</style>",
           f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="6"/>', f'<text class="title" x="{LEFT}" y="28">{title}</text>']
    for k, (network, lines) in enumerate(panels.items()):
        left = LEFT + k * (PANEL + GAP)
        x = lambda p: left + PANEL * math.log2(p) / top
        y = lambda t: BOTTOM - (BOTTOM - TOP) * math.log2(t) / top
        out.append(f'<text x="{left}" y="{TOP - 12}">{network}</text>')
        for p in processes[::2]:
            out.append(f'<path class="grid" d="M{left} {y(p):.1f}H{left + PANEL}"/><text class="right" x="{left - 8}" y="{y(p) + 4:.1f}">{p}</text>')
            out.append(f'<text class="middle" x="{x(p):.1f}" y="{BOTTOM + 20}">{p}</text>')
        out.append(f'<path class="ideal" d="M{x(1):.1f} {y(1):.1f}L{x(processes[-1]):.1f} {y(processes[-1]):.1f}"/>')
        for i, times in enumerate(lines.values()):
            out.append(f'<path class="line{i}" d="M' + "L".join(f"{x(p):.1f} {y(t):.1f}" for p, t in zip(processes, times)) + '"/>')
        out.append(f'<text class="middle" x="{left + PANEL / 2}" y="{BOTTOM + 40}">processes (dotted: twice as many, twice as fast)</text>')
    x = LEFT
    for i, name in enumerate(next(iter(panels.values()))):
        out.append(f'<path class="line{i}" d="M{x} {HEIGHT - 14}h26"/><text class="name{i}" x="{x + 34}" y="{HEIGHT - 10}">{name}</text>')
        x += 60 + 8 * len(name)
    return "\n".join(out + ["</svg>", ""])
