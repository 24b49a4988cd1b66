// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what step_bands.hpp declares.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/memory.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/layer_graph.hpp"
#include "brindle/nn/library_layers.hpp"
#include "brindle/nn/plan_options.hpp"
#include "brindle/nn/plan_steps.hpp"
#include "brindle/nn/row_window.hpp"
#include "brindle/nn/step_bands.hpp"

namespace brindle::detail {

/// Bytes between the steps of a band, which stay in the cache of a core.
inline constexpr std::int64_t band_bytes = 512 << 10;

/// Bytes of the largest value between the steps, of a picture, from which on bands pay.
inline constexpr std::int64_t least_bytes_between = 256 << 10;

/// Elements of so many rows of pictures (H, W, C).
inline std::int64_t row_elements(const Shape& picture, std::int64_t rows) { return rows * picture[1] * picture[2]; }

template <class T, class Device>
StepBands<T, Device>::StepBands(const Device& on, const LayerGraph<T, Device>& graph, const std::vector<Step>& steps,
                                std::size_t first, const std::vector<RowWindow>& windows, const PlanOptions& options)
    : on_(on), alone_(on), first_(first), y_(graph.value_shape(steps[first + windows.size() - 1].output)) {
  if constexpr (std::is_same_v<Device, Cpu>) {
    workers_ = on.threads();
    alone_ = on.alone();
  }
  for (std::size_t k = 0; k < windows.size(); ++k)
    stages_.push_back({windows[k], graph.value_shape(steps[first + k].inputs.front())});
  choose_rows();
  place_memory(steps, options);
}

template <class T, class Device>
std::array<std::int64_t, StepBands<T, Device>::most_steps> StepBands<T, Device>::rows_read() const {
  std::array<std::int64_t, most_steps> read{};
  std::int64_t rows = rows_;
  for (std::size_t k = stages_.size(); k-- > 0;) {
    const RowWindow& window = stages_[k].window;
    rows = read[k] = std::min((rows - 1) * window.stride + window.size, stages_[k].x[0]);
  }
  return read;
}

template <class T, class Device>
void StepBands<T, Device>::choose_rows() {
  const auto bytes_between = [&] {
    const auto read = rows_read();
    std::int64_t elements = 0;
    for (std::size_t k = 1; k < stages_.size(); ++k) elements += row_elements(stages_[k].x, read[k]);
    return elements * static_cast<std::int64_t>(sizeof(T));
  };
  while (rows_ < y_[0] && bytes_between() <= band_bytes) ++rows_;
  if (rows_ > 1 && bytes_between() > band_bytes) --rows_;
  // A part computes rows that the one above it computes, too: a sixth of all, at most.
  most_parts_ = y_[0];
  for (const Stage& s : stages_)
    if (const std::int64_t again = s.window.size - s.window.stride; again > 0)
      most_parts_ = std::min(most_parts_, 1 + s.x[0] / (6 * again));
}

template <class T, class Device>
void StepBands<T, Device>::place_memory(const std::vector<Step>& steps, const PlanOptions& options) {
  const auto lines = [](std::int64_t bytes) {
    constexpr auto line = static_cast<std::int64_t>(memory_alignment);
    return (bytes + line - 1) / line * line;
  };
  const auto read = rows_read();
  for (std::size_t k = 0; k < stages_.size(); ++k) {
    const Stage& s = stages_[k];
    const Step& step = steps[first_ + k];
    Pass<T, Device> pass = pass_of(alone_, step, options);
    for (std::int64_t rows = 1; rows <= read[k]; ++rows) {
      pass.around_rows = s.window.zeros;
      pass.around_rows->bottom = std::max(s.window.size - rows, s.window.zeros.bottom);
      const Shape x{1, rows, s.x[1], s.x[2]};
      workspace_bytes_ = std::max(workspace_bytes_, step.layer->needs(pass, x).forward_workspace);
    }
    stages_[k].filters = filter_bytes_;
    stages_[k].filter_bytes = step.layer->prepared_bytes(pass, s.x.batch(1));
    filter_bytes_ += lines(stages_[k].filter_bytes);
    if (k == 0) continue;  // it reads the caller's rows
    stages_[k].offset = worker_bytes_;
    worker_bytes_ += lines(row_elements(s.x, read[k]) * static_cast<std::int64_t>(sizeof(T)));
  }
  workspace_ = worker_bytes_;
  worker_bytes_ += lines(workspace_bytes_);
}

template <class T, class Device>
void StepBands<T, Device>::forward(const std::vector<Step>& steps, const PlanOptions& options, PreparedOf prepared,
                                   In<T, Device> x, In<T, Device> residual, Out<T, Device> y,
                                   Workspace<Device> workspace) const {
  if constexpr (std::is_same_v<Device, Cpu>) {
    Work work{steps, options, {}};
    for (std::size_t k = 0; k < stages_.size(); ++k) {
      const Stage& s = stages_[k];
      work.prepared[k] = prepared(first_ + k);
      if (!work.prepared[k].empty() || s.filter_bytes == 0) continue;
      const TensorView<std::byte, Device> made{workspace.data + s.filters, {s.filter_bytes}};
      steps[first_ + k].layer->prepare(pass_of(on_, steps[first_ + k], options), s.x.batch(1), made);
      work.prepared[k] = made;
    }
    const std::int64_t n = x.shape[0], rows = y_[0];
    // The rest of a data set may be too few pictures for all threads without rows that are computed twice.
    const std::int64_t parts = n < least_pictures()
                                   ? std::min<std::int64_t>((workers_ + n - 1) / n, rows)
                                   : std::min<std::int64_t>(workers_ / std::gcd(n, workers_), most_parts_);
    on_.parallel(n * parts, [&](std::int64_t task, int worker) {
      const std::int64_t picture = task / parts, part = task % parts, at = picture * y_.size();
      run(work, {rows * part / parts, rows * (part + 1) / parts}, x.data + picture * stages_[0].x.size(),
          residual.empty() ? nullptr : residual.data + at, y.data + at,
          workspace.data + filter_bytes_ + worker * worker_bytes_);
    });
  }
}

template <class T, class Device>
void StepBands<T, Device>::run(const Work& work, const RowRange& part, const T* x, const T* residual, T* y,
                               std::byte* memory) const {
  const std::size_t count = stages_.size();
  const std::int64_t bands = (part.size() + rows_ - 1) / rows_;
  std::array<RowRange, most_steps> there{};  // rows of what a stage reads that are in its memory
  for (std::int64_t b = 0; b < bands; ++b) {
    std::array<RowRange, most_steps + 1> rows;  // that each stage reads, and those of y
    rows[count] = {part.begin + part.size() * b / bands, part.begin + part.size() * (b + 1) / bands};
    for (std::size_t k = count; k-- > 0;) rows[k] = stages_[k].window.seen(rows[k + 1], stages_[k].x[0]);
    for (std::size_t k = 0; k < count; ++k) {
      const T* from = k == 0 ? x + row_elements(stages_[0].x, rows[0].begin) : rows_of(k, memory);
      RowRange to_do = rows[k + 1];
      T* to = k + 1 == count ? y + row_elements(y_, to_do.begin) : rows_of(k + 1, memory);
      if (k + 1 < count) {  // what the band before has computed moves to the front
        const RowRange old = std::exchange(there[k + 1], to_do);
        if (old.end > to_do.begin) {
          const std::int64_t kept = row_elements(given(k), old.end - to_do.begin);
          std::memmove(to, to + row_elements(given(k), to_do.begin - old.begin),
                       static_cast<std::size_t>(kept) * sizeof(T));
          to_do.begin = old.end;
          to += kept;
        }
      }
      if (to_do.size() > 0) run_stage(work, k, {rows[k], to_do}, from, residual, to, memory + workspace_);
    }
  }
}

template <class T, class Device>
void StepBands<T, Device>::run_stage(const Work& work, std::size_t k, const std::array<RowRange, 2>& rows,
                                     const T* from, const T* residual, T* to, std::byte* workspace) const {
  const Stage& s = stages_[k];
  const Step& step = work.steps[first_ + k];
  const Shape& y = given(k);
  const auto& [there, to_do] = rows;
  const RowRange seen = s.window.seen(to_do, s.x[0]);
  const Shape in{1, seen.size(), s.x[1], s.x[2]}, out{1, to_do.size(), y[1], y[2]};
  Pass<T, Device> pass = pass_of(alone_, step, work.options);
  pass.workspace = {workspace, {workspace_bytes_}};
  pass.prepared = work.prepared[k];
  pass.around_rows = s.window.around(to_do, s.x[0]);
  if (step.added) pass.residual = {residual + row_elements(y, to_do.begin), out};
  step.layer->forward(pass, {from + row_elements(s.x, seen.begin - there.begin), in}, {to, out});
}

template <class T, class Device>
std::vector<StepBands<T, Device>> step_bands(const Device& on, const LayerGraph<T, Device>& graph,
                                             const std::vector<PlanStep<T, Device>>& steps,
                                             const PlanOptions& options) {
  std::vector<StepBands<T, Device>> all;
  if (!std::is_same_v<Device, Cpu> || options.layer_by_layer) return all;
  std::vector<int> readers(graph.layers.size() + 1, 0);
  for (const auto& s : steps)
    for (const std::size_t v : s.inputs) ++readers[v];
  if (options.gradient_of) ++readers[*options.gradient_of];

  // The window of a step that can take part; none: it cannot.
  const auto window_of = [&](const PlanStep<T, Device>& s) -> std::optional<RowWindow> {
    if (s.identity || s.merge || s.backward || s.deferred || s.reads_deferred || s.fused || s.check) return {};
    const Pass<T, Device> pass = pass_of(on, s, options);
    const Shape x = graph.value_shape(s.inputs.front()).batch(options.batch);
    const std::optional<RowWindow> window = s.layer->row_window(pass, x);
    const bool sees_rows = window && window->zeros.top < window->size && window->zeros.bottom < window->size;
    return sees_rows ? window : std::nullopt;
  };
  const auto reads_the_one_before = [&](std::size_t i) {
    return steps[i].inputs.front() == steps[i - 1].output && readers[steps[i - 1].output] == 1;
  };
  // The windows of as many steps from step i on as can run in bands: 1x1, one that sees several rows, 1x1, of which the
  // first or the last may be missing; behind a step that adds something comes none.
  const auto windows_from = [&](std::size_t i) {
    std::vector<RowWindow> windows;
    bool several = false;
    for (std::size_t k = i; k < steps.size() && (k == i || reads_the_one_before(k)); ++k) {
      const auto window = window_of(steps[k]);
      if (!window || (window->size > 1 ? several : !several && k > i)) break;
      windows.push_back(*window);
      if (steps[k].added || (several && window->size == 1)) break;
      several = several || window->size > 1;
    }
    if (!several || windows.size() < 2) windows.clear();
    return windows;
  };

  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::vector<RowWindow> windows = windows_from(i);
    if (windows.empty()) continue;
    std::int64_t between = 0;  // elements of the largest value between the steps
    for (std::size_t k = i; k + 1 < i + windows.size(); ++k)
      between = std::max(between, graph.value_shape(steps[k].output).size());
    if (between * static_cast<std::int64_t>(sizeof(T)) < least_bytes_between) continue;
    const StepBands<T, Device> bands(on, graph, steps, i, windows, options);
    if (options.batch < bands.least_pictures()) continue;
    all.push_back(bands);
    i = bands.last();
  }
  return all;
}

}  // namespace brindle::detail
