# SPDX-License-Identifier: MIT
"""Makes timm_bases.npz and tables/base_*.txt of timm's networks, as make_torchvision_bases.py does of torchvision's.

    python make_timm_bases.py        (needs timm 1.0 and torchvision 0.29)
"""
import pathlib

import numpy as np
import timm
import torch
import torchvision.models as M

import made_weights

here = pathlib.Path(__file__).parent
OUT = {}


def golden(name, model, features, size):
    model = model.double().eval()
    state = model.state_dict()
    lines = []
    for tensor, value in state.items():
        lines.append(f"tensor {tensor} " + " ".join(map(str, value.shape)))
        if not tensor.endswith("num_batches_tracked"):
            state[tensor] = torch.from_numpy(made_weights.weights(tensor, tuple(value.shape), 0.9).astype(np.float64))
    model.load_state_dict(state)
    (here / "tables" / f"base_{name}.txt").write_text("\n".join(line.rstrip() for line in lines) + "\n")
    x = torch.from_numpy(made_weights.uniform("x", (2,) + size + (3,), -1, 1).astype(np.float64)).permute(0, 3, 1, 2)
    with torch.no_grad():
        y = features(model)(x)
        OUT[f"{name}.features"] = (y.permute(0, 2, 3, 1) if y.dim() == 4 else y).contiguous().numpy()
        OUT[f"{name}.probabilities"] = torch.softmax(model(x), 1).numpy()
    print(name, sum(p.numel() for p in model.parameters()), OUT[f"{name}.features"].shape, OUT[f"{name}.probabilities"].max(1))


def before_top(model):
    return lambda x: model.forward_head(model.forward_features(x), pre_logits=True)


golden("timm_efficientnet_lite0", timm.create_model("tf_efficientnet_lite0", num_classes=7), before_top, (50, 71))
golden("timm_mobilenet_v2", timm.create_model("mobilenetv2_050", num_classes=7), lambda m: m.forward_features, (50, 71))
golden("torchvision_mobilenet_v2", M.mobilenet_v2(num_classes=7, width_mult=0.75), lambda m: m.features, (50, 71))
golden("timm_resnet18", timm.create_model("resnet18", num_classes=7), lambda m: m.forward_features, (45, 64))
golden("timm_resnet50", timm.create_model("resnet50", num_classes=7), lambda m: m.forward_features, (45, 64))

# VGG16, a sixty-fourth as wide: its layers by torchvision's class, for pictures of 64x64, so 2x2 before its top.
thin = M.VGG(M.vgg.make_layers([4, 4, "M", 4, 4, "M", 6, 6, 6, "M", 8, 8, 8, "M", 8, 8, 8, "M"]), num_classes=7)
thin.avgpool = torch.nn.Identity()
thin.classifier[0], thin.classifier[6] = torch.nn.Linear(8 * 4, 4096), torch.nn.Linear(4096, 7)
thin.classifier[3] = torch.nn.Linear(4096, 4096)
golden("torchvision_vgg16", thin, lambda m: m.features, (64, 64))
np.savez(here / "timm_bases.npz", **{k: v.astype(np.float32) for k, v in OUT.items()})
