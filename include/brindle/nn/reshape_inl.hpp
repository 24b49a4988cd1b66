// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what reshape.hpp declares.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/reshape.hpp"

namespace brindle {

template <class T, class Device>
class ReshapeLayer final : public Layer<T, Device> {
 public:
  explicit ReshapeLayer(const Reshape& d) : target_(d.target_shape) {}  ///< see Reshape

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return Reshape{.target_shape = c.get("target_shape", std::vector<std::int64_t>{})}.make<T, Device>();
  }

  std::string type() const override { return "Reshape"; }
  std::string default_name() const override { return "reshape"; }
  Config config() const override { return {{"target_shape", target_}}; }

  Shape output_shape(const Shape& x) const override {
    std::int64_t known = 1;
    std::size_t open = target_.size();  // where the size is that is left
    for (std::size_t i = 0; i < target_.size(); ++i) {
      if (target_[i] == -1 && open == target_.size()) {
        open = i;
      } else if (target_[i] < 1 || known > x.size() / target_[i]) {
        refuse(x, target_[i] == -1 ? "; only one size may be -1" : "");
      } else {
        known *= target_[i];
      }
    }
    if (target_.empty() || target_.size() >= static_cast<std::size_t>(Shape::max_rank) || x.size() % known != 0 ||
        (open == target_.size() && known != x.size()))
      refuse(x, "");
    std::vector<std::int64_t> sizes = target_;
    if (open < sizes.size()) sizes[open] = x.size() / known;
    return Shape(sizes.begin(), sizes.end());
  }

  bool is_identity(const Pass<T, Device>&) const override { return true; }
  LayerNeeds needs(const Pass<T, Device>&, const Shape&) const override { return {}; }
  void forward(const Pass<T, Device>&, In<T, Device>, Out<T, Device>) const override {}
  void backward(const Pass<T, Device>&, In<T, Device>, In<T, Device>, Out<T, Device>, Out<T, Device>,
                const Gradients<T, Device>&) const override {}

 private:
  [[noreturn]] void refuse(const Shape& x, const std::string& why) const {
    std::string target;
    for (const std::int64_t size : target_) target += (target.empty() ? "" : ", ") + std::to_string(size);
    detail::raise<ShapeError>(this->who() + ": expected a target_shape of 1 to " + std::to_string(Shape::max_rank - 1) +
                              " sizes that hold the elements of " + to_string_batch(x) + ", got (" + target + ")" +
                              why);
  }

  std::vector<std::int64_t> target_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> Reshape::Reshape::make() const {
  return std::make_unique<ReshapeLayer<T, Device>>(*this);
}

}  // namespace brindle
