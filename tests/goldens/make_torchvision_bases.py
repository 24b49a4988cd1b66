# SPDX-License-Identifier: MIT
"""Makes torchvision_bases.npz and tables/base_*.txt of torchvision's networks.

    python make_torchvision_bases.py        (needs torchvision 0.29)

torchvision's own classes with made weights, in float64: what they give before their tops, channels last, and the softmax
of what they give with them, for two pictures, also made (made_weights.py). The tables have a line for each tensor of
weights, "tensor name shape".
"""
import pathlib

import numpy as np
import torch
import torchvision.models as M

import made_weights

here = pathlib.Path(__file__).parent
OUT = {}


def golden(name, model, before_top, size):
    model = model.double().eval()
    state = model.state_dict()
    lines = []
    for tensor, value in state.items():
        lines.append(f"tensor {tensor} " + " ".join(map(str, value.shape)))
        if not tensor.endswith("num_batches_tracked"):
            state[tensor] = torch.from_numpy(made_weights.weights(tensor, tuple(value.shape), 0.7).astype(np.float64))
    model.load_state_dict(state)
    (here / "tables" / f"base_{name}.txt").write_text("\n".join(line.rstrip() for line in lines) + "\n")
    x = torch.from_numpy(made_weights.uniform("x", (2,) + size + (3,), -1, 1).astype(np.float64)).permute(0, 3, 1, 2)
    with torch.no_grad():
        OUT[f"{name}.features"] = before_top(model)(x).permute(0, 2, 3, 1).contiguous().numpy()
        OUT[f"{name}.probabilities"] = torch.softmax(model(x), 1).numpy()
    print(name, sum(p.numel() for p in model.parameters()), OUT[f"{name}.features"].shape, OUT[f"{name}.probabilities"].max(1))


def trunk(model):
    return torch.nn.Sequential(*list(model.children())[:-2])


# At this size the pools of SqueezeNet 1.1 stand out below, to the right, and on both sides.
golden("squeezenet1_1", M.squeezenet1_1(num_classes=7), lambda m: m.features, (50, 65))
golden("resnet18", M.resnet18(num_classes=7), trunk, (45, 64))
golden("torchvision_resnet50", M.resnet50(num_classes=7), trunk, (45, 64))
np.savez(here / "torchvision_bases.npz", **{k: v.astype(np.float32) for k, v in OUT.items()})
