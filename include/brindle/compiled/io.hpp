#pragma once

// The unit of the library for io/.

#ifndef BRINDLE_COMPILED
#define BRINDLE_COMPILED
#endif

#include "brindle/io/features_inl.hpp"
#include "brindle/io/load_keras_inl.hpp"
#include "brindle/io/load_weights_inl.hpp"
#include "brindle/io/npz_inl.hpp"
#include "brindle/io/open_hdf5_inl.hpp"
#include "brindle/io/safetensors_inl.hpp"
#include "brindle/io/saved_model_inl.hpp"
#include "brindle/io/weight_file_inl.hpp"
#include "brindle/ops/cpu.hpp"  // first: the calls into the kernels

namespace brindle::io {

template Tensor<float> NpzFile::read<float>(const std::string&) const;
template Tensor<double> NpzFile::read<double>(const std::string&) const;
template Tensor<float> SafetensorsFile::read<float>(const std::string&);
template Tensor<double> SafetensorsFile::read<double>(const std::string&);
template void SafetensorsFile::read_into<float>(const std::string&, TensorView<float>);
template void SafetensorsFile::read_into<double>(const std::string&, TensorView<double>);
template void SafetensorsFile::read_into<std::int64_t>(const std::string&, TensorView<std::int64_t>);

template Features extract(const Sequential<float>&, const data::Source&, const ExtractOptions&);
template std::vector<std::string> load_weights(Sequential<float>&, const std::filesystem::path&,
                                               const LoadWeightsOptions&);
template std::vector<std::string> load_weights(Sequential<float>&, const WeightFile&, const LoadWeightsOptions&);
template Sequential<float> load_keras(const std::filesystem::path&, const LoadKerasOptions&, const Cpu&,
                                      const LayerRegistry<float, Cpu>&);
template SavedModel<float, Cpu> load_model(const std::filesystem::path&, const Cpu&, const LayerRegistry<float, Cpu>&);
template void save_model(const Sequential<float>&, const std::filesystem::path&, const ModelInfo&,
                         const OptimizerState<float>*);
template void save_model(const Sequential<float>&, const std::filesystem::path&, const data::Source&,
                         const SaveOptions&, const OptimizerState<float>*);

}  // namespace brindle::io
