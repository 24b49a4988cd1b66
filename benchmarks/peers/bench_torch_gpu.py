# SPDX-License-Identifier: MIT
"""PyTorch on a GPU: the peer's times for the workloads W1..W5, one JSON line a figure, beside gpu_bench's.

usage: PY bench_torch_gpu.py [W1 W2 W3 W4 W5]   (default: all)
environment: BENCH_SECONDS, BENCH_PRECISIONS ("float32 tf32 bf16"), BENCH_LAYOUTS ("cl cf": channels_last, contiguous),
             BENCH_HOW ("eager graph")

Each step is timed two ways: eager, and recorded as a CUDA graph and replayed, which is what brindle does. bf16 is autocast with float32 weights. The batch lies on the GPU; the loss is not read.
"""
import contextlib
import os
import sys

import timing as T
import torch
import torch.nn as nn
import torch.nn.functional as F

import bench_torch as networks   # conv_net, vgg, head: the same networks as on the processor

torch.manual_seed(0)
torch.backends.cudnn.benchmark = True
SECONDS = float(os.environ.get("BENCH_SECONDS", "1"))
PRECISIONS = os.environ.get("BENCH_PRECISIONS", "float32 tf32 bf16").split()
LAYOUTS = os.environ.get("BENCH_LAYOUTS", "cl cf").split()
HOW = os.environ.get("BENCH_HOW", "eager graph").split()


def autocast(precision):
    return torch.autocast("cuda", dtype=torch.bfloat16) if precision == "bf16" else contextlib.nullcontext()


def seconds(fn):
    """Sorted seconds of runs of fn, each waited for."""
    def waited():
        fn()
        torch.cuda.synchronize()
    T.MAXREP = 1000
    return T.measure(waited, warm=5, budget=SECONDS)


def recorded(fn):
    """fn as a CUDA graph, recorded after some runs in a stream of its own."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            fn()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        fn()
    return graph.replay


def step_fn(model, x, y, precision, capturable):
    model.train()
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.RMSprop(weights, lr=1e-5, alpha=0.9, eps=1e-7, capturable=capturable)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with autocast(precision):
            p = model(x)
        loss = F.binary_cross_entropy(p.float(), y)
        loss.backward()
        optimizer.step()
    return step


def report(name, precision, layout, how, work):
    try:
        times = seconds(work())
    except Exception as e:   # a variant that this version cannot do
        T.emit(f"torch{torch.__version__} {how} {layout}", name, 0, "none", precision=precision, error=str(e)[:200])
        return
    T.emit_time(f"torch{torch.__version__} {how} {layout}", name, times, precision=precision)


def variants():
    for precision in PRECISIONS:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
        for layout in LAYOUTS:
            yield precision, layout, torch.channels_last if layout == "cl" else torch.contiguous_format


def train(name, make, shape):
    for precision, layout, format in variants():
        for how in HOW:
            def work():
                x = torch.rand(*shape, device="cuda")
                if x.dim() == 4:
                    x = x.contiguous(memory_format=format)
                y = torch.randint(0, 2, (shape[0], 1), device="cuda").float()
                model = make().cuda().to(memory_format=format)
                step = step_fn(model, x, y, precision, capturable=how == "graph")
                return recorded(step) if how == "graph" else step
            report(f"{name} train step", precision, layout, how, work)


def infer(batch):
    for precision, layout, format in variants():
        for how in HOW:
            def work():
                x = torch.rand(batch, 3, 150, 150, device="cuda").contiguous(memory_format=format)
                model = networks.vgg().cuda().to(memory_format=format).eval()

                def go():
                    with torch.no_grad(), autocast(precision):
                        model(x)
                return recorded(go) if how == "graph" else go
            report(f"W3 batch {batch} inference", precision, layout, how, work)


def fine_tuned():
    base = networks.vgg()
    for layer in [l for l in base if isinstance(l, nn.Conv2d)][:7]:
        for p in layer.parameters():
            p.requires_grad_(False)
    return nn.Sequential(base, nn.Flatten(), *networks.head())


WORK = {
    "W1": lambda: train("W1", lambda: networks.conv_net([16, 64, 128], False), (30, 3, 150, 150)),
    "W2": lambda: train("W2", lambda: networks.conv_net([16, 64, 128, 128], True), (30, 3, 150, 150)),
    "W3": lambda: [infer(30), infer(1)],
    "W4": lambda: train("W4", lambda: nn.Sequential(*networks.head()), (30, 8192)),
    "W5": lambda: train("W5", fine_tuned, (20, 3, 150, 150)),
}

for work in sys.argv[1:] or WORK:
    WORK[work]()
