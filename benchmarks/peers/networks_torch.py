# SPDX-License-Identifier: MIT
"""The networks of the rows M1 to M9 for PyTorch, as torchvision builds them; EfficientNet-Lite0 with zeros on all sides, as timm does."""
import networks as N
import torch.nn as nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


class ConvNorm(nn.Module):
    """A convolution without bias, BatchNorm, and what follows them."""

    def __init__(self, ci, co, kernel, stride=1, groups=1, after=None):
        super().__init__()
        self.conv = nn.Conv2d(ci, co, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(co)
        self.after = after or nn.Identity()

    def forward(self, x):
        return self.after(self.norm(self.conv(x)))

    def fold(self):
        self.conv, self.norm = fuse_conv_bn_eval(self.conv, self.norm), nn.Identity()


class Inverted(nn.Module):
    """The inverted residual block of MobileNetV2 and EfficientNet-Lite."""

    def __init__(self, ci, co, expand, kernel, stride):
        super().__init__()
        wide = ci * expand
        widen = [ConvNorm(ci, wide, 1, after=nn.ReLU6(inplace=True))] if expand > 1 else []
        self.way = nn.Sequential(*widen, ConvNorm(wide, wide, kernel, stride, wide, nn.ReLU6(inplace=True)), ConvNorm(wide, co, 1))
        self.adds = stride == 1 and ci == co

    def forward(self, x):
        return x + self.way(x) if self.adds else self.way(x)


class Residual(nn.Module):
    """A block of ResNet18, or of ResNet50 with its bottleneck."""

    def __init__(self, ci, width, stride, bottleneck):
        super().__init__()
        relu, co = nn.ReLU(inplace=True), width * (4 if bottleneck else 1)
        if bottleneck:
            self.way = nn.Sequential(ConvNorm(ci, width, 1, after=relu), ConvNorm(width, width, 3, stride, after=relu), ConvNorm(width, co, 1))
        else:
            self.way = nn.Sequential(ConvNorm(ci, width, 3, stride, after=relu), ConvNorm(width, co, 3))
        self.past = ConvNorm(ci, co, 1, stride) if stride > 1 or ci != co else nn.Identity()
        self.relu = relu

    def forward(self, x):
        return self.relu(self.way(x) + self.past(x))


def inverted_net(table, classes, dropout=0.2):
    mods, ci = [ConvNorm(3, 32, 3, 2, after=nn.ReLU6(inplace=True))], 32
    for expand, kernel, co, repeats, stride in table:
        for i in range(repeats):
            mods.append(Inverted(ci, co, expand, kernel, stride if i == 0 else 1))
            ci = co
    mods += [ConvNorm(ci, 1280, 1, after=nn.ReLU6(inplace=True)), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    m = nn.Sequential(*mods, *([nn.Dropout(dropout), nn.Linear(1280, classes)] if classes else []))
    for conv in (part for part in m.modules() if isinstance(part, nn.Conv2d)):
        fan_in = conv.weight[0].numel()
        nn.init.normal_(conv.weight, 0, N.kernel_variance(fan_in, conv.out_channels, conv.kernel_size[0]) ** 0.5)
    return m


def resnet(blocks, bottleneck, classes):
    mods, ci = [ConvNorm(3, 64, 7, 2, after=nn.ReLU(inplace=True)), nn.MaxPool2d(3, 2, 1)], 64
    for stage, repeats in enumerate(blocks):
        for i in range(repeats):
            width = 64 << stage
            mods.append(Residual(ci, width, 2 if stage and i == 0 else 1, bottleneck))
            ci = width * (4 if bottleneck else 1)
    return nn.Sequential(*mods, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(ci, classes))


def network(row, classes=1000):
    """The network of M1 to M4. classes of M1 and M2: 0: features."""
    m = {"M1": lambda: inverted_net(N.MOBILENET_V2, classes), "M2": lambda: inverted_net(N.EFFICIENTNET_LITE0, classes),
         "M3": lambda: resnet(N.RESNET50, True, classes), "M4": lambda: resnet(N.RESNET18, False, classes)}[row]()
    assert classes != 1000 or sum(p.numel() for p in m.parameters()) == N.PARAMETERS[row]
    return m


def fine_tuned(classes=2):
    """M7: EfficientNet-Lite0 that learns from its twelfth block on. What is frozen runs for inference, as frozen layers do in Keras."""
    m = network("M2", classes)
    first = 1 + N.LAST_THIRD  # behind the first convolution
    m.train()
    m[:first].requires_grad_(False).eval()
    return m


def folded(m):
    """For prediction: BatchNorm into the convolution in front of it."""
    m.eval()
    for part in m.modules():
        if isinstance(part, ConvNorm):
            part.fold()
    return m
