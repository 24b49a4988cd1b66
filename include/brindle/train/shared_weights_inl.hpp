// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what shared_weights.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/library_layers.hpp"
#include "brindle/nn/library_losses.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/fit_callbacks.hpp"
#include "brindle/train/leaf_gradients.hpp"
#include "brindle/train/process_group.hpp"
#include "brindle/train/run_identity.hpp"
#include "brindle/train/same_run.hpp"
#include "brindle/train/shared_weights.hpp"
#include "brindle/train/team.hpp"

namespace brindle::detail {

template <class T>
typename SharedWeights<T>::Places SharedWeights<T>::place(const Model<T>& model, const LeafGradients<T, Cpu>& sums,
                                                          const Team& team) {
  constexpr std::size_t line = 64;
  Places places;
  places.bytes.assign(static_cast<std::size_t>(team.size()), 0);
  for (const std::vector<SummedPart>& piece : sums.pieces())
    for (const SummedPart& s : piece) {
      if (s.elements.begin > 0 || !s.cut) continue;
      const auto size =
          static_cast<std::size_t>(std::as_const(*model.layers()[s.layer]).parameters()[s.which].value.size());
      const auto least = std::ranges::min_element(places.bytes);
      places.parameters.push_back({s.layer, s.which, static_cast<int>(least - places.bytes.begin()), *least});
      *least += (size * sizeof(T) + line - 1) / line * line;
    }
  return places;
}

template <class T>
bool SharedWeights<T>::may_share(const Model<T>& model, const Loss<T, Cpu>& loss,
                                 const std::vector<Callback>& callbacks) {
  for (const auto& layer : model.layers())
    if (!is_of_the_library(*layer)) return false;
  return is_loss_of_the_library(loss.type()) && keep_weights(callbacks);
}

template <class T>
void SharedWeights<T>::prepare(const Model<T>& model, const LeafGradients<T, Cpu>& sums, const Team& team,
                               std::shared_ptr<const SharedMemory> shared) {
  release();
  memory_ = std::move(shared);
  if (!memory_) return;
  for (const Placed& p : place(model, sums, team).parameters) {
    std::byte* rows = memory_->of_all[static_cast<std::size_t>(p.rank)];
    weights_.push_back({p.layer, p.which, reinterpret_cast<T*>(rows + sums.row_bytes() + p.begin)});
  }
}

template <class T>
void SharedWeights<T>::share(Model<T>& model, Team& team, std::int64_t epoch) {
  if (weights_.empty() || shared()) return;
  const auto each = [&](const auto& use) {
    for (const Weights& w : weights_) {
      const Tensor<T>& mine = std::as_const(*model.layers()[w.layer]).parameters()[w.which].value;
      use(mine, w.elsewhere);
    }
  };
  team.any(false);  // all are here: nobody reads what is there from the last time
  const std::int64_t rank = team.rank(), size = team.size();
  each([&](const Tensor<T>& mine, T* common) {
    const std::int64_t begin = mine.size() * rank / size, end = mine.size() * (rank + 1) / size;
    std::copy(mine.data() + begin, mine.data() + end, common + begin);
  });
  team.any(false);
  bool differs = false;
  each([&](const Tensor<T>& mine, const T* common) {
    differs = differs || std::memcmp(mine.data(), common, mine.bytes()) != 0;
  });
  if (team.any(differs)) {
    std::string weights;
    team.together([&] { weights = weights_checksum(model); });  // takes memory
    expect_same_weights(team, "before epoch " + std::to_string(epoch), weights);
  }
  model_ = &model;
  exchange_memory();
}

template <class T>
void SharedWeights<T>::separate() noexcept {
  if (!shared()) return;
  for (const Weights& w : weights_) {
    const Tensor<T>& common = value(w);
    std::copy(common.data(), common.data() + common.size(), w.elsewhere);
  }
  exchange_memory();
  model_ = nullptr;
}

template <class T>
void SharedWeights<T>::exchange_memory() noexcept {
  for (Weights& w : weights_) w.elsewhere = detail::exchange_memory(value(w), w.elsewhere);
}

}  // namespace brindle::detail
