# SPDX-License-Identifier: MIT
"""Makes weights/torch_*.pt and torch_files.npz, files by torch.save of one small network, and what it gives.

    python make_torch_files.py        (needs PyTorch 2)
"""
import collections
import os
import pathlib
import warnings

import numpy as np
import torch

import made_weights

warnings.filterwarnings("ignore")
here = pathlib.Path(__file__).parent
torch.use_deterministic_algorithms(True)


def network():
    """A dense layer behind a Flatten of 3x3x4, as many units as features: turned or not, its weights fit."""
    nn = torch.nn
    return nn.Sequential(collections.OrderedDict(
        conv=nn.Conv2d(3, 4, (3, 2), padding=1), bn=nn.BatchNorm2d(4), relu=nn.ReLU(),
        dw=nn.Conv2d(4, 4, 3, groups=4), pool=nn.MaxPool2d(2), flatten=nn.Flatten(), norm=nn.BatchNorm1d(36),
        fc1=nn.Linear(36, 36), relu2=nn.ReLU(), fc2=nn.Linear(36, 3)))


def made(model):
    state = model.state_dict()
    for name, value in state.items():
        if not name.endswith("num_batches_tracked"):
            state[name] = torch.from_numpy(made_weights.weights(name, tuple(value.shape), 1))
    model.load_state_dict(state)
    return model.eval()


def save(name, what, **more):
    torch.save(what, here / "weights" / f"torch_{name}.pt", **more)


model = made(network())
state = model.state_dict()
x = made_weights.uniform("x", (2, 9, 8, 3), -1, 1)
with torch.no_grad():
    y = model.double()(torch.from_numpy(x.astype(np.float64)).permute(0, 3, 1, 2)).numpy()
model.float()
np.savez(here / "torch_files.npz", x=x, y=y, half=state["fc1.weight"].half().float().numpy(),
         bfloat16=state["fc1.weight"].bfloat16().float().numpy())

save("state", state)
save("protocol5", state, pickle_protocol=5)
save("double", {k: v.double() if v.is_floating_point() else v for k, v in state.items()})
save("half", {k: v.half() if v.is_floating_point() else v for k, v in state.items()})
save("bfloat16", {k: v.bfloat16() if v.is_floating_point() else v for k, v in state.items()})
save("parameters", dict(model.named_parameters()) | dict(model.named_buffers()))

# Views: a transposed matrix, channels last in memory, and all vectors parts of one storage.
views = dict(state)
views["fc1.weight"] = state["fc1.weight"].t().contiguous().t()
views["conv.weight"] = state["conv.weight"].to(memory_format=torch.channels_last)
vectors = [name for name, value in state.items() if value.dim() == 1]
together, at = torch.cat([state[name] for name in vectors]), 0
for name in vectors:
    views[name] = together[at:at + state[name].numel()]
    at += state[name].numel()
save("views", views)

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
model(torch.zeros(2, 3, 9, 8)).sum().backward()
optimizer.step()  # so that it remembers something
made(model)
parallel = collections.OrderedDict(("module." + name, value) for name, value in model.state_dict().items())
save("checkpoint", {"epoch": 3, "model": parallel, "optimizer": optimizer.state_dict(), "loss": 0.5,
                    "classes": ["cat", "dog"], "big": 1 << 40, "none": None, "size": torch.Size([1, 2])})
small = {"a.weight": torch.ones(2, 2)}
save("two", {"net": small, "ema": small, "epoch": 1})
save("none", {"epoch": 1, "classes": ["cat"]})

# What is refused.
save("module", torch.nn.Linear(2, 2))
save("old", small, _use_new_zipfile_serialization=False)
torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), here / "weights" / "torch_script.pt")


class Evil:
    def __reduce__(self):
        return os.system, ("echo this must not run",)


save("evil", {"a.weight": torch.ones(2, 2), "b": Evil()})
save("quantized", {"a.weight": torch.quantize_per_tensor(torch.ones(2, 2), 0.1, 0, torch.qint8)})
save("sparse", {"a.weight": torch.eye(2).to_sparse()})
save("complex", {"a.weight": torch.ones(2, 2, dtype=torch.complex64)})
save("whole_numbers", {"a.weight": torch.ones(2, 2, dtype=torch.int32)})
save("list", [torch.ones(2)])
torch.serialization.set_crc32_options(False)
save("without_checksums", state)
