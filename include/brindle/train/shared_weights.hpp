// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/leaf_gradients.hpp"
#include "brindle/train/process_group.hpp"
#include "brindle/train/team.hpp"

namespace brindle::detail {

/// The large weights of a model in memory that all processes of a machine have in common, while they train. A process
/// steps its shards of them there, and nobody needs to bring those of the others into memory of its own.
///
///     weights.prepare(model, sums, team, shared);   // with a new plan
///     weights.share(model, team);
///     ...                                           // steps, by LeafUpdate
///     weights.separate();                           // each has its own again: others may write into them
///
/// These are the parameters that are summed in parts (SummedPart::cut). Whoever has a view of them from before sees old
/// values meanwhile; so it is only done where nobody is known to have one (may_share()).
template <class T>
class SharedWeights {
 public:
  SharedWeights() = default;
  ~SharedWeights() { separate(); }
  /// Not while they are shared.
  /// @{
  SharedWeights(SharedWeights&& other) noexcept
      : weights_(std::move(other.weights_)), memory_(std::move(other.memory_)) {}
  SharedWeights& operator=(SharedWeights&& other) noexcept {
    separate();
    weights_ = std::move(other.weights_);
    memory_ = std::move(other.memory_);
    return *this;
  }
  /// @}

  /// Whether only layers and a loss of the library are at work, which ask for weights where they read them, and
  /// callbacks that say that they keep them.
  static bool may_share(const Model<T>& model, const Loss<T, Cpu>& loss, const std::vector<Callback>& callbacks);

  /// Bytes that each process gives for them, by rank: each parameter is in the memory of one.
  static std::vector<std::size_t> bytes(const Model<T>& model, const LeafGradients<T, Cpu>& sums, const Team& team) {
    return place(model, sums, team).bytes;
  }

  /// Gives back the memory.
  void release() {
    separate();
    weights_.clear();
    memory_ = nullptr;
  }
  /// shared: memory of the group, which has the rows of `sums` and, behind them, room of so many bytes; null: nothing
  /// will be shared.
  void prepare(const Model<T>& model, const LeafGradients<T, Cpu>& sums, const Team& team,
               std::shared_ptr<const SharedMemory> shared);

  /// The model's weights are from now on in the common memory. Throws ValueError in all processes, and shares nothing,
  /// if they are not the same in all; `epoch` is for that message. All call it at once.
  void share(Model<T>& model, Team& team, std::int64_t epoch);
  /// They are in each process's own memory again, with the values that they have come to. Needs nobody else, but all
  /// must have done it, or the step before it, before one writes weights.
  void separate() noexcept;

  /// Whether they are in the common memory.
  bool shared() const { return model_ != nullptr; }

 private:
  struct Placed {
    std::size_t layer, which;
    int rank;           // whose memory
    std::size_t begin;  // bytes, behind the rows
  };
  struct Places {
    std::vector<Placed> parameters;
    std::vector<std::size_t> bytes;  // by rank
  };
  static Places place(const Model<T>& model, const LeafGradients<T, Cpu>& sums, const Team& team);

  struct Weights {
    std::size_t layer, which;
    T* elsewhere;  // the memory that the parameter does not have now
  };
  Tensor<T>& value(const Weights& w) const { return model_->layers()[w.layer]->parameters()[w.which].value; }
  void exchange_memory() noexcept;

  std::vector<Weights> weights_;
  std::shared_ptr<const SharedMemory> memory_;
  Model<T>* model_ = nullptr;  // while they are shared
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/shared_weights_inl.hpp"
#endif
