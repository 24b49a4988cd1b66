# SPDX-License-Identifier: MIT
"""The tables of the networks in the rows M1 to M9, which the builders for PyTorch and Keras share.

Rows of blocks: times as wide inside, kernel, filters, repeats, stride of the first one.
"""
MOBILENET_V2 = [(1, 3, 16, 1, 1), (6, 3, 24, 2, 2), (6, 3, 32, 3, 2), (6, 3, 64, 4, 2), (6, 3, 96, 3, 1), (6, 3, 160, 3, 2), (6, 3, 320, 1, 1)]
EFFICIENTNET_LITE0 = [(1, 3, 16, 1, 1), (6, 3, 24, 2, 2), (6, 5, 40, 2, 2), (6, 3, 80, 3, 2), (6, 5, 112, 3, 1), (6, 5, 192, 4, 2), (6, 3, 320, 1, 1)]
LAST_THIRD = 11  # EfficientNet-Lite0's first block that learns in M7, of 16
RESNET18, RESNET50 = [2, 2, 2, 2], [3, 4, 6, 3]
PARAMETERS = {"M1": 3_504_872, "M2": 4_652_008, "M3": 25_557_032, "M4": 11_689_512}  # with 1000 classes, averages not counted
NAMES = {"M1": "MobileNetV2", "M2": "EfficientNet-Lite0", "M3": "ResNet50", "M4": "ResNet18"}


def kernel_variance(fan_in, fan_out, side, dense=False):
    """Of random weights that keep activations alive through all layers: with the usual ones they fade away."""
    return (1 if dense or (side == 1 and fan_in > fan_out) else 2) / fan_in
