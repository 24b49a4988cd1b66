// SPDX-License-Identifier: MIT
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <set>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/io/npz.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

namespace brindle::test {

/// A file of tests/goldens: arrays named case.array, those ending in _f64 computed in float64.
class Golden {
 public:
  explicit Golden(const std::string& file) : npz_(std::string(BRINDLE_GOLDENS) + "/" + file) {}

  /// Names of the cases that begin so.
  std::set<std::string> cases(const std::string& prefix = "") const {
    std::set<std::string> all;
    for (const std::string& name : npz_.names())
      if (name.compare(0, prefix.size(), prefix) == 0) all.insert(name.substr(0, name.find('.')));
    return all;
  }

  bool has(const std::string& name) const { return npz_.contains(name); }
  const io::NpzFile& file() const { return npz_; }

  /// An array, whatever its element type, as T.
  template <class T>
  Tensor<T> get(const std::string& name) const {
    const std::string dtype = npz_.dtype(name);
    if (dtype == "<f4") return converted<T>(npz_.read<float>(name));
    if (dtype == "<f8") return converted<T>(npz_.read<double>(name));
    if (dtype == "|u1") return converted<T>(npz_.read<std::uint8_t>(name));
    return converted<T>(npz_.read<std::int64_t>(name));
  }

  /// Compares with the float64 array, where there is one.
  template <class T>
  void check(const std::string& name, const Tensor<T>& actual, const Tolerance& tolerance) const {
    const double share = tolerance.of<T>();
    const Tensor<double> expected = get<double>(has(name + "_f64") ? name + "_f64" : name);
    check_close(name, actual, expected, share, tolerance.single == 0 ? 0 : 1e-7);
  }

 private:
  io::NpzFile npz_;
};

}  // namespace brindle::test
