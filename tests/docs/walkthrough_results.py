# SPDX-License-Identifier: MIT
"""The page of results takes its numbers from the files of runs: walkthrough_results.py SOURCE

In a copy of the page: a run that ended fills its row, its table and its sentence; one that has not leaves what stood there;
a number that was changed by hand is found.
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

source = Path(sys.argv[1])


def run(*arguments):
    return subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True)


subprocess.run([sys.executable, source / "scripts/walkthrough_results.py", "--check"], check=True)

with tempfile.TemporaryDirectory() as folder:
    root = Path(folder)
    (root / "scripts").mkdir()
    (root / "docs/images").mkdir(parents=True)
    script = shutil.copy(source / "scripts/walkthrough_results.py", root / "scripts")
    page = root / "docs/results.md"
    page.write_text("<!-- walkthrough:overview -->\n| # | program | epochs |\n|---|---|---|\n| 5 | `vgg16_frozen` | 6 |\n"
                    "<!-- /walkthrough -->\n<!-- walkthrough:seeds -->\n<!-- /walkthrough -->\n"
                    "<!-- walkthrough:epochs baseline 2 -->\nold\n<!-- /walkthrough -->\n"
                    "<!-- walkthrough:last baseline 2 -->\n<!-- /walkthrough -->\n"
                    "<!-- walkthrough:last dropout 2 -->\nkept\n<!-- /walkthrough -->\n"
                    "<!-- walkthrough:evaluated -->\n<!-- /walkthrough -->\n")
    out = root / "out"
    for name, accuracy in (("baseline", 0.75), ("baseline_43", 0.7), ("baseline_44", 0.8)):
        (out / name).mkdir(parents=True)
        (out / name / "baseline.csv").write_text("epoch,loss,accuracy,val_loss,val_accuracy,seconds\n1,0.7,0.5,0.7,0.5,10\n"
                                                 f"2,0.6,0.75,0.6,{accuracy},10\n3,0.5,0.85,0.7,0.65,10.5\n")
        (out / name / "baseline.svg").write_text("<svg/>")
        (out / name / "ran_on.csv").write_text("version;device;options;date\nabc1234;A, 2 cores;;2026-01-01T00:00:00Z\n"
                                               "abc1234;B, 2 cores;;2026-01-02T00:00:00Z\n")
    (out / "dropout").mkdir()
    (out / "dropout/ran_on.csv").write_text("version;device;options;date\nabc1234;A;;2026-01-01T00:00:00Z\n")
    (out / "evaluate").mkdir()
    (out / "evaluate/evaluate.csv").write_text("model,photos,accuracy,precision,recall,f1,roc_auc\nbaseline,1000,0.7450,0.7461,0.7450,0.7447,0.8189\n")
    done = run(script, out)
    assert done.returncode == 0, done.stderr
    text = page.read_text()
    for expected in (
            "| 1 | `baseline` | 3 of 30 | 0.750 (epoch 2) | 0.650 | 0.72 | 30 | abc1234, A, 2 cores, B, 2 cores, taken up again 1 time |",
            "| 5 | `vgg16_frozen` | 6 |",
            "| `baseline` | 0.750 (0.700 to 0.800) | 0.650 (0.650 to 0.650) |",
            "| 1 | 0.7000 | 0.5000 | 0.7000 | 0.5000 |\n| 2 | 0.6000 | 0.7500 | 0.6000 | 0.7500 |\n| 3 | 0.5000 |",
            "Over the last 2 epochs training and validation accuracy are 0.800 and 0.700 on average, a gap of 0.100.",
            "kept",
            "| baseline | 0.7450 | 0.7461 | 0.7450 | 0.7447 | 0.8189 |"):
        assert expected in text, f"not in the page: {expected}\n{text}"
    assert (root / "docs/images/baseline.svg").exists() and not (root / "docs/images/baseline_43.svg").exists()
    assert run(script, "--check").returncode == 0
    page.write_text(text.replace("0.750 (epoch 2)", "0.850 (epoch 2)"))
    assert "change no number by hand" in run(script, "--check").stderr
    assert "is no folder" in run(script, root / "nowhere").stderr
