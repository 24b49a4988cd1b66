// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "brindle/data/source.hpp"
#include "brindle/nn/metric.hpp"
#include "brindle/nn/metrics.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/checkpoint_store.hpp"
#include "brindle/train/process_group.hpp"

namespace brindle {

/// How a Trainer trains. Its constructor throws ValueError for options out of range, and for options that exclude or
/// need each other.
struct TrainerOptions {
  std::uint64_t seed = 0;        ///< of shuffling and dropout; the weights' own is that of Sequential::initialize
  bool stream_gradients = true;  ///< update large dense weights while their gradient is in the cache, never storing it
  Accuracy accuracy = Accuracy::automatic;  ///< binary: each output by itself, for labels of several classes at once

  /// At most one of the three, each 0 (off) to 1e30: Keras's clipping of gradients (optimizers/base_optimizer.py).
  /// @{
  double clipvalue = 0;        ///< each number of a gradient stays within -clipvalue and clipvalue
  double clipnorm = 0;         ///< the gradient of each parameter is scaled to this norm where its own is larger
  double global_clipnorm = 0;  ///< the same with one norm, that of all gradients together
  /// @}

  /// Batches whose mean gradient is one update, >= 1. Adam counts updates, learning-rate schedules count batches, as
  /// Keras does. A group goes on across epochs and calls of fit(), and a checkpoint keeps it; the last one of a run
  /// changes nothing unless it is whole.
  std::int64_t gradient_accumulation_steps = 1;

  /// An average of each weight follows it from batch to batch, and fit() ends with the averages as the weights (Keras's
  /// use_ema). train_on_batch() leaves that to finalize_variable_values().
  bool use_ema = false;
  double ema_momentum = 0.99;                ///< how much of the average stays with each batch, in [0, 1]
  std::int64_t ema_overwrite_frequency = 0;  ///< every so many updates weights become their averages; 0: at the end
  bool swap_ema_weights = false;  ///< validation and callbacks of an epoch see the averages (Keras's SwapEMAWeights)

  /// Parts into which each batch is cut, by the numbers of its samples: a power of two. Each is computed as if it were
  /// the batch, with its own statistics in BatchNormalization and its own dropout, and the gradient is the mean over
  /// the batch, added up in a fixed order. The results depend on the number of leaves, and not on how many processes
  /// compute them: so many processes need at least as many leaves. 1 to 65536, and no batch size of fit() may be
  /// smaller. See docs/howto/several-machines.md.
  std::int64_t leaves = 1;
  /// The processes that train together, each a share of the leaves; none: this one alone. MpiGroup of
  /// brindle/distributed.hpp, for example; on GPUs, one for each process, NcclGroup of brindle/cuda_distributed.hpp.
  std::shared_ptr<ProcessGroup> group = {};
};

/// How fit() goes, and on what. Trainer::fit() says what it throws for options that cannot work.
struct FitOptions {
  std::int64_t batch = 32;           ///< samples a step, >= 1; of fewer samples all are one batch, as in Keras
  std::int64_t epochs = 1;           ///< >= 1
  std::int64_t steps_per_epoch = 0;  ///< 0: one pass over the data; else the passes go on across epochs
  bool shuffle = true;               ///< anew before each pass
  std::int64_t prefetch = 2;        ///< batches that a thread reads ahead, 0 to 1024; 0: each is read when it is needed
  data::SourceRef validation = {};  ///< evaluated after each epoch, or none
  std::int64_t validation_batch = 0;  ///< 0: as batch
  /// Class number -> weight of its samples' loss, finite and at least 0; others 1. balanced_class_weights() of
  /// train/class_weights.hpp gives those of unequal classes. Labels are class numbers, or one-hot rows; a mixed row
  /// (data::Mixed) counts as the class of which it has most, as Keras takes it.
  std::map<std::int64_t, double> class_weight = {};
  /// One a sample, finite and at least 0, or none; of a mixed one the first's.
  std::span<const float> sample_weight = {};
  std::vector<Metric> metrics = {};      ///< of the validation data, without sample weights; need .validation
  std::vector<Callback> callbacks = {};  ///< called in this order
  std::shared_ptr<CheckpointStore> checkpoint = {};  ///< checkpoint(path, ...) of train/checkpoint.hpp, or none
};

struct EvaluateOptions {
  std::int64_t batch = 32;                    ///< samples that are computed together, >= 1
  std::span<const float> sample_weight = {};  ///< one a sample, finite and at least 0, or none
  std::vector<Metric> metrics = {};           ///< more figures, without sample weights
};

/// Means over the samples. loss = sum(weight loss) / N plus the L2 penalties of the layers that learn
/// (Model::set_l2()); accuracy counts every sample once, weighted_accuracy by weight; both are NaN where the loss has
/// no accuracy (MeanSquaredError).
struct Evaluation {
  double loss = 0;                             ///< what the model was trained to make small
  double accuracy = 0;                         ///< 0..1
  double weighted_accuracy = 0;                ///< 0..1; as accuracy without weights
  std::int64_t samples = 0;                    ///< N
  std::map<std::string, double> metrics = {};  ///< EvaluateOptions::metrics by name
};

/// Loss and accuracy of one training batch, before its update; the accuracy is NaN where the loss has none.
struct StepResult {
  double loss = 0;      ///< mean, weighted
  double accuracy = 0;  ///< 0..1
};

}  // namespace brindle
