# SPDX-License-Identifier: MIT
"""PyTorch (CPU): the peer's times for the rows M1-1, M1-32, ..., M4-32, M5 to M9, one JSON line a row.

usage: PY bench_modern_torch.py M3-32 ...
environment: BENCH_THREADS (2), BENCH_LAYOUT (cf = contiguous NCHW, cl = channels_last), BENCH_COMPILE (0 or 1), BENCH_SECONDS,
             BENCH_PHOTOS (folder for M8), BENCH_LARGE (folder for M9)

Predictions: BatchNorm folded into the convolutions, inference_mode. Peak memory is that of a row with one row a process.
"""
import os, sys, time

import networks_torch as nets
import photos as P
import timing as T
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

torch.set_num_threads(T.THREADS)
torch.manual_seed(0)
LAYOUT = os.environ.get("BENCH_LAYOUT", "cl")
COMPILE = os.environ.get("BENCH_COMPILE", "0") == "1"
FMT = torch.channels_last if LAYOUT == "cl" else torch.contiguous_format
PEER = f"torch{torch.__version__} {'channels_last' if LAYOUT == 'cl' else 'contiguous'}{' compiled' if COMPILE else ''}"


def predictor(m):
    m = nets.folded(m).to(memory_format=FMT)
    return torch.compile(m) if COMPILE else m


def infer(row, batch):
    m = predictor(nets.network(row))
    x = torch.rand(batch, 3, 224, 224).contiguous(memory_format=FMT)

    def go():
        with torch.inference_mode():
            m(x)
    T.emit_time(PEER, f"{row} batch {batch} inference", T.measure(go), batch, rss_peak_mb=T.rss_peak_mb())


def train(work, m, side, make_optimizer, classes):
    m = m.to(memory_format=FMT)
    x = torch.rand(32, 3, side, side).contiguous(memory_format=FMT)
    y = torch.arange(32) % classes
    opt = make_optimizer([p for p in m.parameters() if p.requires_grad])
    f = torch.compile(m) if COMPILE else m

    def step():
        opt.zero_grad(set_to_none=True)
        loss = F.cross_entropy(f(x), y)
        loss.backward()
        opt.step()
        return loss.item()
    T.emit_time(PEER, work, T.measure(step), 32, rss_peak_mb=T.rss_peak_mb())


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.01, momentum=0.9)


def adam(parameters):
    return torch.optim.Adam(parameters, lr=1e-4)


def statistics_fixed(m):
    """BatchNorm by its moving averages everywhere, as Keras's guide to fine-tuning has it; dropout stays."""
    for part in m.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.eval()
    return m


class Photos(Dataset):
    """As torchvision's ImageFolder with a loader and a transform."""

    def __init__(self, files, draft):
        self.files, self.draft = files, draft

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        return torch.from_numpy(P.read(self.files[i], self.draft)).permute(2, 0, 1)


def features(row, folder, draft):
    files = P.files(folder)
    m = predictor(nets.network("M2", classes=0))
    with torch.inference_mode():
        m(torch.rand(P.BATCH, 3, 224, 224).contiguous(memory_format=FMT))
        begin = time.perf_counter()
        loader = DataLoader(Photos(files, draft), batch_size=P.BATCH, num_workers=T.THREADS)
        out = torch.cat([m(x.contiguous(memory_format=FMT)) for x in loader])
        seconds = time.perf_counter() - begin
    assert out.shape == (len(files), 1280)
    del loader
    T.emit_time(PEER, f"{row} features of {len(files)} photos", [seconds], len(files),
                rss_peak_mb=T.rss_peak_mb() + T.THREADS * T.children_peak_mb(), decoder="pillow draft" if draft else "pillow")


STEPS = {
    "M5": lambda: train("M5 train step", nets.network("M1").train(), 160, sgd, 1000),
    "M6": lambda: train("M6 train step", nets.network("M4").train(), 160, sgd, 1000),
    "M7": lambda: train("M7 train step", nets.fine_tuned(), 224, adam, 2),
    "M7-folded": lambda: train("M7 train step, folded", statistics_fixed(nets.fine_tuned()), 224, adam, 2),
}

if __name__ == "__main__":
    T.run_modern_rows(PEER, sys.argv[1:], STEPS, infer, features)
