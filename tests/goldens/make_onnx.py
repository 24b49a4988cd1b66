# SPDX-License-Identifier: MIT
"""Makes onnx/*.onnx and onnx.npz: networks as exporters write them, with what ONNX Runtime gives.

    python make_onnx.py        (needs torch 2.15, torchvision 0.29, onnxscript 0.7, onnxruntime 1.32)

Narrow variants of torchvision's classes, exported by torch in both of its ways: "torchscript" (opset 17) and "dynamo"
(opset 20, whose ResNet has its weights in a file beside it). Weights are torch's own from seed 0, those of
BatchNormalization drawn, so that nothing is a mean of 0. Per network x, channels last, and y.
"""
import pathlib
import warnings

import numpy as np
import onnx
import onnxruntime as ort
import torch
import torchvision.models as M
from torchvision.models.densenet import DenseNet
from torchvision.models.efficientnet import EfficientNet, MBConvConfig
from torchvision.models.mobilenetv3 import InvertedResidualConfig, MobileNetV3
from torchvision.models.resnet import BasicBlock, ResNet

warnings.filterwarnings("ignore")
here = pathlib.Path(__file__).parent
OUT = {}


def strip_places(path):
    """Takes out where in which source file each node was made: paths of the machine that exports."""
    model = onnx.load(path, load_external_data=False)
    graph = model.graph
    for part in [*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer, graph]:
        del part.metadata_props[:]
    path.write_bytes(model.SerializeToString())


def export(name, model, size=(48, 56), training=None, external=False):
    torch.manual_seed(0)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.8, 1.2)
            torch.nn.init.normal_(module.bias, 0, 0.1)
            torch.nn.init.normal_(module.running_mean, 0, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.8, 1.2)
        elif isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            torch.nn.init.kaiming_normal_(module.weight)
            if module.bias is not None:
                torch.nn.init.normal_(module.bias, 0, 0.1)
    model.eval()
    x = torch.randn(2, 3, *size)
    for way in ("torchscript", "dynamo"):
        path = here / "onnx" / f"{name}_{way}.onnx"
        if way == "dynamo":
            torch.onnx.export(model, (x[:1],), str(path), dynamo=True, external_data=external, verbose=False)
        else:
            torch.onnx.export(model, (x,), str(path), dynamo=False, opset_version=17, input_names=["x"],
                              dynamic_axes={"x": {0: "N"}}, **({"training": training} if training else {}))
        strip_places(path)
        session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        feed = session.get_inputs()[0]
        batch = 1 if way == "dynamo" else 2
        y = np.concatenate([session.run(None, {feed.name: x[i:i + batch].numpy()})[0] for i in range(0, 2, batch)])
        OUT[f"{name}.x"] = x.permute(0, 2, 3, 1).contiguous().numpy()
        OUT[f"{name}_{way}.y"] = y
        print(path.name, path.stat().st_size, np.abs(y).max())


def narrow_mobilenet_v3():
    rows = [(8, 3, 8, 8, True, "RE", 2), (8, 3, 24, 12, False, "RE", 2), (12, 5, 32, 16, True, "HS", 2), (16, 5, 40, 16, True, "HS", 1)]
    return MobileNetV3([InvertedResidualConfig(i, k, e, o, se, act, s, 1, 1) for i, k, e, o, se, act, s in rows], 32, num_classes=5)


def narrow_efficientnet():
    rows = [(1, 3, 1, 32, 16, 1), (4, 3, 2, 16, 24, 1), (4, 5, 2, 24, 32, 1), (4, 3, 1, 32, 32, 1)]
    return EfficientNet([MBConvConfig(t, k, s, i, o, n, 0.4, 1) for t, k, s, i, o, n in rows], 0.2, last_channel=64, num_classes=5)


class NarrowResNet(ResNet):
    """ResNet18 with an eighth of the channels, and one block a stage."""

    def __init__(self):
        super().__init__(BasicBlock, [1, 1, 1, 1], num_classes=5)
        self.inplanes = 8
        self.conv1 = torch.nn.Conv2d(3, 8, 7, 2, 3, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(8)
        self.layer1 = self._make_layer(BasicBlock, 8, 1)
        self.layer2 = self._make_layer(BasicBlock, 16, 1, stride=2)
        self.layer3 = self._make_layer(BasicBlock, 24, 1, stride=2)
        self.layer4 = self._make_layer(BasicBlock, 32, 1, stride=2)
        self.fc = torch.nn.Linear(32, 5)


class Vgg(torch.nn.Module):
    """Flatten over pictures in front of the dense layers, BatchNorm and Dropout that stay in the file."""

    def __init__(self):
        super().__init__()
        n = torch.nn
        self.body = n.Sequential(n.Conv2d(3, 6, 3, padding=1), n.BatchNorm2d(6), n.ReLU(), n.MaxPool2d(2), n.Conv2d(6, 8, 3, groups=2),
                                 n.LeakyReLU(0.1), n.AvgPool2d(3, 2), n.Flatten(), n.Dropout(0.3), n.Linear(8 * 9 * 11, 9), n.ELU(),
                                 n.BatchNorm1d(9), n.Linear(9, 4), n.Softmax(-1))

    def forward(self, x):
        return self.body(x)


class Gelu(torch.nn.Module):
    """GELU, which opset 17 writes with Erf: behind a convolution, an addition and a dense layer."""

    def __init__(self):
        super().__init__()
        n = torch.nn
        self.stem = n.Sequential(n.Conv2d(3, 6, 3, stride=2), n.GELU())
        self.block = n.Sequential(n.Conv2d(6, 6, 3, padding=1, groups=6), n.Conv2d(6, 12, 1), n.GELU(), n.Conv2d(12, 6, 1))
        self.head = n.Sequential(n.AdaptiveAvgPool2d(1), n.Flatten(), n.Linear(6, 16), n.GELU(), n.Linear(16, 5))
        self.act = n.GELU()

    def forward(self, x):
        x = self.stem(x)
        return self.head(self.act(x + self.block(x)))


(here / "onnx").mkdir(exist_ok=True)
export("resnet", NarrowResNet(), external=True)
export("mobilenet_v2", M.MobileNetV2(num_classes=5, width_mult=0.1, inverted_residual_setting=[[1, 8, 1, 1], [4, 16, 2, 2], [4, 24, 2, 2], [4, 32, 2, 1]]))
export("mobilenet_v3", narrow_mobilenet_v3())
export("efficientnet", narrow_efficientnet())
export("densenet", DenseNet(growth_rate=4, block_config=(2, 2, 2), num_init_features=8, num_classes=5))
torch.manual_seed(0)
export("vgg", Vgg(), size=(44, 52), training=torch.onnx.TrainingMode.PRESERVE)
torch.manual_seed(0)
export("gelu", Gelu(), size=(24, 28))
np.savez(here / "onnx.npz", **OUT)
