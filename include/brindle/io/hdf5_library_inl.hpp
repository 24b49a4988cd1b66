// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what hdf5_library.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/io/hdf5.hpp"
#include "brindle/io/hdf5_library.hpp"

// Defined by the CMake target brindle::hdf5, for all units of a program or for none: it changes what functions do, not
// what a class contains. In the compiled form that of the library counts, and no other unit sees this file.
#ifdef BRINDLE_HDF5
#if __has_include(<hdf5.h>)
#include <hdf5.h>
#else
#include <hdf5/serial/hdf5.h>
#endif
#endif

namespace brindle::io::detail {

#ifdef BRINDLE_HDF5
namespace hdf5_detail {

/// The library prints its errors unless it is told not to.
class Quiet {
 public:
  Quiet() {
    H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~Quiet() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

/// The library's own words for what went wrong last, the innermost ones.
inline std::string reason() {
  std::string text;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_DOWNWARD,
      [](unsigned, const H5E_error2_t* error, void* to) -> herr_t {
        if (error->desc) *static_cast<std::string*>(to) = error->desc;
        return 0;
      },
      &text);
  return text.empty() ? text : " (HDF5: " + text + ")";
}

}  // namespace hdf5_detail
#endif

[[noreturn]] BRINDLE_INLINE void LibraryHdf5File::without_library() const {
  fail(
      "this layout of HDF5 needs HDF5's C library (Debian package libhdf5-dev): link brindle::hdf5, which defines "
      "BRINDLE_HDF5; or save the file anew with h5py's libver=\"earliest\"");
}

BRINDLE_INLINE LibraryHdf5File::LibraryHdf5File(const std::filesystem::path& path) : Hdf5File(path.string()) {
#ifdef BRINDLE_HDF5
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(path, error);
  if (error) fail("cannot be looked at: " + error.message());
  bytes_ = static_cast<std::int64_t>(bytes);
  const hdf5_detail::Quiet quiet;
  const hdf5_detail::Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  file_ = H5Fopen(this->path().c_str(), H5F_ACC_RDONLY, access);
  if (file_ < 0) fail("is no HDF5 file, or damaged" + hdf5_detail::reason());
#else
  without_library();
#endif
}

BRINDLE_INLINE LibraryHdf5File::LibraryHdf5File(std::string path, const std::string& content)
    : Hdf5File(std::move(path)), bytes_(static_cast<std::int64_t>(content.size())) {
#ifdef BRINDLE_HDF5
  const hdf5_detail::Quiet quiet;
  const hdf5_detail::Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  if (H5Pset_fapl_core(access, 1 << 16, 0) < 0 ||
      H5Pset_file_image(access, const_cast<char*>(content.data()), content.size()) < 0)
    fail("cannot be opened in memory" + hdf5_detail::reason());
  file_ = H5Fopen(this->path().c_str(), H5F_ACC_RDONLY, access);
  if (file_ < 0) fail("is no HDF5 file, or damaged" + hdf5_detail::reason());
#else
  without_library();
#endif
}

BRINDLE_INLINE LibraryHdf5File::~LibraryHdf5File() {
#ifdef BRINDLE_HDF5
  const hdf5_detail::Quiet quiet;
  if (file_ >= 0) H5Fclose(file_);
#endif
}

BRINDLE_INLINE bool LibraryHdf5File::contains(const std::string& object) {
#ifdef BRINDLE_HDF5
  const hdf5_detail::Quiet quiet;
  std::size_t end = 0;
  while (end != std::string::npos) {
    end = object.find('/', end + 1);
    const std::string part = object.substr(0, end);
    if (part.empty() || part == "/") continue;
    if (H5Lexists(file_, part.c_str(), H5P_DEFAULT) <= 0) return false;
    H5L_info_t link;
    if (H5Lget_info(file_, part.c_str(), &link, H5P_DEFAULT) < 0) return false;
    if (link.type != H5L_TYPE_HARD) fail("\"" + part + "\" is a link to another place, which is not followed");
    if (H5Oexists_by_name(file_, part.c_str(), H5P_DEFAULT) <= 0) return false;
  }
  return true;
#else
  static_cast<void>(object);
  return false;
#endif
}

BRINDLE_INLINE std::vector<std::string> LibraryHdf5File::children(const std::string& group) {
  std::vector<std::string> names;
#ifdef BRINDLE_HDF5
  if (!contains(group)) return names;
  const hdf5_detail::Quiet quiet;
  const hdf5_detail::Handle id(H5Oopen(file_, group.c_str(), H5P_DEFAULT), H5Oclose);
  H5G_info_t info;
  if (id < 0 || H5Iget_type(id) != H5I_GROUP || H5Gget_info(id, &info) < 0) return names;
  if (static_cast<std::int64_t>(info.nlinks) > bytes_) fail("\"" + group + "\" has more entries than there are bytes");
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    const ssize_t length = H5Lget_name_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, i, nullptr, 0, H5P_DEFAULT);
    if (length < 0 || length > bytes_) fail("the entries of \"" + group + "\" cannot be read" + hdf5_detail::reason());
    std::string name(static_cast<std::size_t>(length) + 1, '\0');
    H5Lget_name_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, i, name.data(), name.size(), H5P_DEFAULT);
    name.pop_back();
    names.push_back(std::move(name));
  }
#else
  static_cast<void>(group);
#endif
  return names;
}

BRINDLE_INLINE bool LibraryHdf5File::has_attribute(const std::string& object, const std::string& name) {
#ifdef BRINDLE_HDF5
  const hdf5_detail::Quiet quiet;
  return contains(object) && H5Aexists_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT) > 0;
#else
  static_cast<void>(object), static_cast<void>(name);
  return false;
#endif
}

BRINDLE_INLINE std::vector<std::string> LibraryHdf5File::texts(const std::string& object, const std::string& name) {
  std::vector<std::string> all;
#ifdef BRINDLE_HDF5
  const std::string what = "attribute \"" + name + "\" of \"" + object + "\"";
  const hdf5_detail::Quiet quiet;
  if (!has_attribute(object, name)) fail("has no " + what);
  const hdf5_detail::Handle attribute(H5Aopen_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
                                      H5Aclose);
  if (attribute < 0) fail(what + " cannot be read" + hdf5_detail::reason());
  const hdf5_detail::Handle type(H5Aget_type(attribute), H5Tclose), space(H5Aget_space(attribute), H5Sclose);
  const hssize_t count = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
  if (type < 0 || count < 0) fail(what + " cannot be read" + hdf5_detail::reason());
  if (count == 0) return all;
  if (H5Tget_class(type) != H5T_STRING) fail(what + " is no text");
  const htri_t variable = H5Tis_variable_str(type);
  const std::size_t size = H5Tget_size(type);
  // A text of variable length takes 16 bytes in the attribute, and its own elsewhere.
  if (size == 0 || static_cast<std::uint64_t>(count) > static_cast<std::uint64_t>(bytes_) / (variable > 0 ? 1 : size))
    fail(what + " is longer than the file: the file is damaged");
  if (variable > 0) {
    std::vector<char*> read(static_cast<std::size_t>(count), nullptr);
    const bool good = H5Aread(attribute, type, static_cast<void*>(read.data())) >= 0;
    const std::string why = good ? std::string() : hdf5_detail::reason();
    for (const char* text : read) all.emplace_back(text ? text : "");
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, static_cast<void*>(read.data()));
    if (!good) fail(what + " cannot be read" + why);
  } else {
    std::string read(static_cast<std::size_t>(count) * size, '\0');
    if (H5Aread(attribute, type, read.data()) < 0) fail(what + " cannot be read" + hdf5_detail::reason());
    const H5T_str_t padding = H5Tget_strpad(type);
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      std::string text = read.substr(i * size, size);
      text.resize(std::min(text.find('\0'), text.size()));
      if (padding == H5T_STR_SPACEPAD) text.resize(text.find_last_not_of(' ') + 1);
      all.push_back(std::move(text));
    }
  }
#else
  static_cast<void>(object), static_cast<void>(name);
#endif
  return all;
}

BRINDLE_INLINE Shape LibraryHdf5File::shape(const std::string& name) {
#ifdef BRINDLE_HDF5
  const std::string what = "dataset \"" + name + "\"";
  const hdf5_detail::Quiet quiet;
  if (!contains(name)) fail("has no " + what);
  const hdf5_detail::Handle data(H5Oopen(file_, name.c_str(), H5P_DEFAULT), H5Oclose);
  if (data < 0 || H5Iget_type(data) != H5I_DATASET) fail(what + " is no dataset, or damaged" + hdf5_detail::reason());
  const hdf5_detail::Handle type(H5Dget_type(data), H5Tclose), space(H5Dget_space(data), H5Sclose),
      how(H5Dget_create_plist(data), H5Pclose);
  if (type < 0 || space < 0 || how < 0) fail(what + " is damaged" + hdf5_detail::reason());
  const std::size_t element = H5Tget_size(type);
  if (H5Tget_class(type) != H5T_FLOAT || (element != 2 && element != 4 && element != 8))
    fail(what + " does not hold floating numbers of 16, 32 or 64 bits");
  const int rank = H5Sget_simple_extent_ndims(space);
  hsize_t sizes[Shape::max_rank] = {};
  if (rank > 0 && rank <= Shape::max_rank && H5Sget_simple_extent_dims(space, sizes, nullptr) < 0)
    fail(what + " has no sizes");
  const Shape result = checked_shape(what, sizes, rank);
  const H5D_layout_t layout = H5Pget_layout(how);
  if (layout == H5D_VIRTUAL || H5Pget_external_count(how) != 0)
    fail(what + " lies in another file, which is not followed");
  const auto stored = static_cast<std::int64_t>(std::min<hsize_t>(H5Dget_storage_size(data), hsize_t{1} << 60));
  const std::int64_t most = layout == H5D_CHUNKED ? std::min(stored, bytes_) * deflates_to : std::min(stored, bytes_);
  if (result.size() > most / static_cast<std::int64_t>(element))
    fail(what + " " + to_string(result) + " needs more than the " + std::to_string(stored) +
         " bytes that are stored of it: the file is cut short or damaged");
  return result;
#else
  static_cast<void>(name);
  return {};
#endif
}

BRINDLE_INLINE void LibraryHdf5File::read(const std::string& name, TensorView<float> to) {
#ifdef BRINDLE_HDF5
  check_shape(name, shape(name), to.shape);
  if (to.size() == 0) return;
  const hdf5_detail::Quiet quiet;
  const hdf5_detail::Handle data(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose);
  if (data < 0 || H5Dread(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, to.data) < 0)
    fail("dataset \"" + name + "\" cannot be read" + hdf5_detail::reason());
#else
  static_cast<void>(name), static_cast<void>(to);
#endif
}

BRINDLE_INLINE std::int64_t LibraryHdf5File::integer(const std::string& name) {
#ifdef BRINDLE_HDF5
  const std::string what = "dataset \"" + name + "\"";
  const hdf5_detail::Quiet quiet;
  if (!contains(name)) fail("has no " + what);
  const hdf5_detail::Handle data(H5Oopen(file_, name.c_str(), H5P_DEFAULT), H5Oclose);
  if (data < 0 || H5Iget_type(data) != H5I_DATASET) fail(what + " is no dataset, or damaged" + hdf5_detail::reason());
  const hdf5_detail::Handle type(H5Dget_type(data), H5Tclose), space(H5Dget_space(data), H5Sclose);
  if (type < 0 || space < 0) fail(what + " is damaged" + hdf5_detail::reason());
  if (H5Tget_class(type) != H5T_INTEGER || H5Sget_simple_extent_ndims(space) != 0)
    fail(what + " does not hold one whole number");
  std::int64_t value = 0;
  if (H5Dread(data, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value) < 0)
    fail(what + " cannot be read" + hdf5_detail::reason());
  return value;
#else
  static_cast<void>(name);
  return 0;
#endif
}

}  // namespace brindle::io::detail
