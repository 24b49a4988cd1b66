#pragma once

// Everything that a model is written down with.
#include "brindle/nn/activation.hpp"
#include "brindle/nn/adam.hpp"
#include "brindle/nn/binary_crossentropy.hpp"
#include "brindle/nn/classification_metrics.hpp"
#include "brindle/nn/conv2d.hpp"
#include "brindle/nn/dense.hpp"
#include "brindle/nn/dropout.hpp"
#include "brindle/nn/flatten.hpp"
#include "brindle/nn/last_activation.hpp"
#include "brindle/nn/max_pool2d.hpp"
#include "brindle/nn/metrics.hpp"
#include "brindle/nn/output_options.hpp"
#include "brindle/nn/rmsprop.hpp"
#include "brindle/nn/sequential.hpp"
#include "brindle/nn/sgd.hpp"
#include "brindle/nn/sparse_categorical_crossentropy.hpp"
