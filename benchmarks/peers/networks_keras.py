# SPDX-License-Identifier: MIT
"""The networks of the rows M1 to M9 for Keras: MobileNetV2 and ResNet50 from keras.applications, the others in its way.

Keras's ResNet50 halves the picture in a block's first 1x1 convolution, torchvision's in its 3x3 one: 5% less work.
"""
import math

import networks as N
import keras
import numpy as np
from keras import layers as L


def conv_norm(x, filters, kernel, stride=1, relu=None, depthwise=False):
    if depthwise:
        x = L.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False)(x)
    else:
        x = L.Conv2D(filters, kernel, stride, padding="same", use_bias=False)(x)
    x = L.BatchNormalization()(x)
    return relu(x) if relu else x


def relu6(x):
    return L.ReLU(6.0)(x)


def relu(x):
    return L.ReLU()(x)


def efficientnet_lite0(side, classes):
    """The network, and the layers in front of the last third."""
    inputs = keras.Input((side, side, 3))
    x, ci, number, first_third = conv_norm(inputs, 32, 3, 2, relu6), 32, 0, None
    for expand, kernel, co, repeats, stride in N.EFFICIENTNET_LITE0:
        for i in range(repeats):
            if number == N.LAST_THIRD:
                first_third = keras.Model(inputs, x).layers
            step = stride if i == 0 else 1
            y = conv_norm(x, ci * expand, 1, relu=relu6) if expand > 1 else x
            y = conv_norm(conv_norm(y, None, kernel, step, relu6, depthwise=True), co, 1)
            x = L.Add()([x, y]) if step == 1 and ci == co else y
            ci, number = co, number + 1
    x = L.GlobalAveragePooling2D()(conv_norm(x, 1280, 1, relu=relu6))
    if classes:
        x = L.Dense(classes, activation="softmax")(L.Dropout(0.2)(x))
    return keras.Model(inputs, x), first_third


def resnet18(side, classes):
    inputs = keras.Input((side, side, 3))
    x = L.MaxPooling2D(3, 2, padding="same")(conv_norm(inputs, 64, 7, 2, relu))
    for stage, repeats in enumerate(N.RESNET18):
        for i in range(repeats):
            width, step = 64 << stage, 2 if stage and i == 0 else 1
            y = conv_norm(conv_norm(x, width, 3, step, relu), width, 3)
            past = conv_norm(x, width, 1, step) if step > 1 else x
            x = relu(L.Add()([y, past]))
    return keras.Model(inputs, L.Dense(classes, activation="softmax")(L.GlobalAveragePooling2D()(x)))


def alive(m):
    rng = np.random.default_rng(1)
    for layer in m.layers:
        if isinstance(layer, (L.Conv2D, L.DepthwiseConv2D)):
            kernel = layer.kernel
            kh, kw, ci, co = kernel.shape
            fan_in = kh * kw if isinstance(layer, L.DepthwiseConv2D) else kh * kw * ci
            kernel.assign(rng.normal(0, N.kernel_variance(fan_in, co, kh) ** 0.5, kernel.shape))
    return m


def network(row, side=224, classes=1000):
    """The network of M1 to M4, with softmax."""
    shape = (side, side, 3)
    m = {"M1": lambda: alive(keras.applications.MobileNetV2(weights=None, input_shape=shape, classes=classes)),
         "M2": lambda: alive(efficientnet_lite0(side, classes)[0]),
         "M3": lambda: keras.applications.ResNet50(weights=None, input_shape=shape, classes=classes),
         "M4": lambda: resnet18(side, classes)}[row]()
    if row != "M3":  # whose convolutions have biases in Keras
        assert sum(math.prod(w.shape) for w in m.trainable_weights) == N.PARAMETERS[row]
    return m


def fine_tuned(classes=2):
    """M7: EfficientNet-Lite0 that learns from its twelfth block on."""
    m, first_third = efficientnet_lite0(224, classes)
    alive(m)
    for layer in first_third:
        layer.trainable = False
    return m
