// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "brindle/core/tensor.hpp"

namespace brindle {

/// What a run must remember to go on as if it had never stopped, by name. The same lines save and restore it:
///
///     callback.state = [state](RunState& run) {
///       run.value("early_stopping.best", state->best);
///       run.value("early_stopping.wait", state->wait);
///     };
///
/// Restoring throws FileError for a name that was not saved, or was saved with another size.
class RunState {
 public:
  virtual ~RunState() = default;

  /// Whether values are put into the variables; else they are saved from them.
  virtual bool restoring() const = 0;

  /// A setting that must be the same in a run that goes on, as text. All settings are compared before anything is
  /// restored, and all differences are one ValueError.
  virtual void same(const std::string& name, const std::string& text) = 0;

  /// What computes the run, as text: a run may go on with another one, but its last bits are then others, so that it is
  /// told. Does nothing unless overridden.
  virtual void computed_by(const std::string&, const std::string&) {}

  /// One number, saved or restored.
  /// @{
  void value(const std::string& name, double& v) { array(name, {}, std::span(&v, 1)); }
  void value(const std::string& name, std::int64_t& v) { array(name, {}, std::span(&v, 1)); }
  void value(const std::string& name, std::uint64_t& v) { through_whole_number(name, v); }
  void value(const std::string& name, std::uint32_t& v) { through_whole_number(name, v); }
  void value(const std::string& name, bool& v) { through_whole_number(name, v); }
  /// @}

  /// Any number of them: restoring gives v the size that was saved.
  void values(const std::string& name, std::vector<double>& v) {
    if (restoring()) v.resize(static_cast<std::size_t>(saved_shape(name).size()));
    array(name, {static_cast<std::int64_t>(v.size())}, std::span(v));
  }

  /// The elements of a tensor, which has the size that was saved.
  template <class T, class Device>
  void tensor(const std::string& name, Tensor<T, Device>& t) {
    if constexpr (std::is_same_v<Device, Cpu>) {
      array(name, t.shape(), t.span());
    } else {
      Tensor<T> copy = t.template to<Cpu>();
      passing_ = true;
      array(name, copy.shape(), copy.span());
      passing_ = false;
      if (restoring()) Memory<Device>::copy_from_host(t.data(), copy.data(), t.bytes());
    }
  }

  /// Shape of what was saved under a name; restoring only.
  virtual Shape saved_shape(const std::string& name) const = 0;

  /// Stands before the names that follow: "callback 2/".
  void set_prefix(const std::string& prefix) { prefix_ = prefix; }
  const std::string& prefix() const { return prefix_; }  ///< empty at first

 protected:
  /// Whether the elements of an array are gone after the call, being a copy from another device.
  bool passing() const { return passing_; }

  /// Saves or restores the elements of an array of this shape; everything above comes down to it.
  /// @{
  virtual void array(const std::string& name, const Shape& shape, std::span<float> elements) = 0;
  virtual void array(const std::string& name, const Shape& shape, std::span<double> elements) = 0;
  virtual void array(const std::string& name, const Shape& shape, std::span<std::int64_t> elements) = 0;
  /// @}

 private:
  template <class V>
  void through_whole_number(const std::string& name, V& v) {
    auto whole = static_cast<std::int64_t>(v);
    value(name, whole);
    v = static_cast<V>(whole);
  }

  std::string prefix_;
  bool passing_ = false;
};

namespace detail {

/// A setting that checkpoints did not name at first: one without it may be gone on from.
inline constexpr const char* validation_labels = "validation's checksum of the labels";

}  // namespace detail

}  // namespace brindle
