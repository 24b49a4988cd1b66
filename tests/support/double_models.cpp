// SPDX-License-Identifier: MIT
// What the tests use of the templates of nn/, train/, report/, models/ and io/ for double, instantiated once. The
// library has them for float: see the lists brindle/<room>/instantiations.inc. What is missing here, the linker misses
// in a test.
#include "brindle/compiled/definitions.hpp"
#include "brindle/io/definitions.hpp"
#include "support/kernels.hpp"

namespace brindle {

template std::unique_ptr<Layer<double, Cpu>> Activation::make() const;
template std::unique_ptr<Layer<double, Cpu>> Add::make() const;
template std::unique_ptr<Layer<double, Cpu>> BatchNormalization::make() const;
template std::unique_ptr<Layer<double, Cpu>> Concatenate::make() const;
template std::unique_ptr<Layer<double, Cpu>> AveragePooling2D::make() const;
template std::unique_ptr<Layer<double, Cpu>> Conv2D::make() const;
template std::unique_ptr<Layer<double, Cpu>> Dense::make() const;
template std::unique_ptr<Layer<double, Cpu>> DepthwiseConv2D::make() const;
template std::unique_ptr<Layer<double, Cpu>> Dropout::make() const;
template std::unique_ptr<Layer<double, Cpu>> ELU::make() const;
template std::unique_ptr<Layer<double, Cpu>> Flatten::make() const;
template std::unique_ptr<Layer<double, Cpu>> LeakyReLU::make() const;
template std::unique_ptr<Layer<double, Cpu>> Multiply::make() const;
template std::unique_ptr<Layer<double, Cpu>> ReLU::make() const;
template std::unique_ptr<Layer<double, Cpu>> Softmax::make() const;
template std::unique_ptr<Layer<double, Cpu>> GlobalAveragePooling2D::make() const;
template std::unique_ptr<Layer<double, Cpu>> GlobalMaxPooling2D::make() const;
template std::unique_ptr<Layer<double, Cpu>> LayerNormalization::make() const;
template std::unique_ptr<Layer<double, Cpu>> MaxPooling2D::make() const;
template std::unique_ptr<Layer<double, Cpu>> Normalization::make() const;
template std::unique_ptr<Layer<double, Cpu>> Rescaling::make() const;
template std::unique_ptr<Layer<double, Cpu>> Reshape::make() const;
template std::unique_ptr<Layer<double, Cpu>> SeparableConv2D::make() const;
template std::unique_ptr<Layer<double, Cpu>> ZeroPadding2D::make() const;
template std::unique_ptr<Optimizer<double, Cpu>> Adam::make() const;
template std::unique_ptr<Optimizer<double, Cpu>> AdamW::make() const;
template std::unique_ptr<Optimizer<double, Cpu>> RMSprop::make() const;
template std::unique_ptr<Optimizer<double, Cpu>> SGD::make() const;
template std::unique_ptr<Loss<double, Cpu>> BinaryCrossentropy::make() const;
template std::unique_ptr<Loss<double, Cpu>> SparseCategoricalCrossentropy::make() const;
template std::unique_ptr<Loss<double, Cpu>> BinaryFocalCrossentropy::make() const;
template std::unique_ptr<Loss<double, Cpu>> CategoricalCrossentropy::make() const;
template std::unique_ptr<Loss<double, Cpu>> CategoricalFocalCrossentropy::make() const;
template std::unique_ptr<Loss<double, Cpu>> Huber::make() const;
template std::unique_ptr<Loss<double, Cpu>> MeanAbsoluteError::make() const;
template std::unique_ptr<Loss<double, Cpu>> MeanSquaredError::make() const;
template std::vector<LayerRate> decayed_rates(const Model<double>&, double);

template class LayerRegistry<double, Cpu>;
template class Plan<double, Cpu>;
template class Model<double, Cpu>;
template class Value<double, Cpu>;
template Model<double> folded(Model<double>&&);
template Model<double> resized(const Model<double>&, const Shape&, const LayerRegistry<double, Cpu>&);
template std::string divide_logits(Model<double>&, double);

namespace detail {

template std::unique_ptr<Optimizer<double, Cpu>> make_layer_rates(std::vector<std::unique_ptr<Optimizer<double, Cpu>>>,
                                                                  const std::vector<LayerRate>&);
template void copy_weights(const Model<double>&, Model<double>&);
template LastActivation last_activation(const Model<double>&);
template std::size_t layer_of_logits(const std::string&, const Model<double>&);
template std::size_t feature_value(const std::string&, const Model<double>&);
template std::int64_t feature_width(const Model<double>&, std::size_t);
template void predict_with_features(const Model<double>&, std::size_t, TensorView<const double>, std::int64_t,
                                    TensorView<float>, TensorView<float>);
template class PreparedFilters<double, Cpu>;
template Pass<double, Cpu> pass_of(const Cpu&, const PlanStep<double, Cpu>&, const PlanOptions&);
template std::vector<PlanStep<double, Cpu>> plan_steps(const Cpu&, const LayerGraph<double, Cpu>&, const PlanOptions&);
template PlanMemory plan_memory(const Cpu&, const LayerGraph<double, Cpu>&, const std::vector<PlanStep<double, Cpu>>&,
                                const std::vector<StepBands<double, Cpu>>&, const PlanOptions&);
template class StepBands<double, Cpu>;
template std::vector<StepBands<double, Cpu>> step_bands(const Cpu&, const LayerGraph<double, Cpu>&,
                                                        const std::vector<PlanStep<double, Cpu>>&, const PlanOptions&);

}  // namespace detail

template class Trainer<double, Cpu>;
template Calibrated calibrate(Model<double>&, const data::Source&, const CalibrateOptions&);
template Familiarity familiarity_of(const Model<double>&, const data::Source&, const data::Source&,
                                    const FamiliarityOptions&);
template Callback keep_best(Model<double>&, const KeepBestOptions&);
template void progressive_resizing(Model<double>&, const std::vector<Size2>&, FunctionRef<void(Model<double>&, Size2)>,
                                   const LayerRegistry<double, Cpu>&);
template std::string set_linear_head(Model<double>&, const LinearHead&);
template double prediction_seconds(const Model<double>&, const data::Source&, std::int64_t);
template std::int64_t prediction_bytes(const Model<double>&, std::int64_t);
template std::int64_t training_bytes(const Model<double>&, std::int64_t, int, std::int64_t, std::int64_t, int);

namespace detail {
template class Batch<double, Cpu>;
template Tensor<float> features_of(const Model<double>&, std::size_t, const data::Source&,
                                   const std::vector<std::int64_t>&, std::int64_t);
template class Evaluator<double, Cpu>;
template class TrainingStep<double, Cpu>;
template OutputRules output_rules(const std::string&, const Model<double>&, const Loss<double, Cpu>&, Accuracy);
template void make_slots(const Model<double>&, const Optimizer<double, Cpu>&, const UpdateRules&,
                         OptimizerSlots<double, Cpu>&, const ShardsOf*);
template LearningRateRange try_rates(Trainer<double, Cpu>&, const data::Source&, const LearningRateRangeOptions&);
template TrainingCost try_steps(Trainer<double, Cpu>&, const data::Source&, const TrainingCostOptions&);
template class KeptWeights<double, Cpu>;
template class LeafGradients<double, Cpu>;
template class LeafStep<double, Cpu>;
template class LeafUpdate<double, Cpu>;
template class ShardedSlots<double, Cpu>;
template class SharedWeights<double>;
template class TeamRow<double, Cpu>;
template class WeightPenalty<double, Cpu>;
template void add_penalty_gradient(const Cpu&, const Parameter<double, Cpu>&, std::int64_t, TensorView<double>);
template class WeightUpdate<double, Cpu>;
}  // namespace detail
}  // namespace brindle
namespace brindle::report {
template AnsweredPhotos answered_photos(const Model<double>&, In<float, Cpu>, const data::PictureSource&,
                                        const data::PictureSource*, const AnsweredPhotosOptions&);
template Tensor<float> grad_cam(const Model<double>&, In<double, Cpu>, std::int64_t, const std::string&);
template std::string kernels(const Model<double>&, std::int64_t);
template std::string layer_table(const Model<double>&, const std::string&);
template std::vector<SummaryRow> summary_rows(const Model<double>&);
template std::string summary(const Model<double>&, SummaryStyle);
template RunPage& RunPage::add_summary(const Model<double>&);
}  // namespace brindle::report

namespace brindle::io {

template Features extract(const Model<double>&, const data::Source&, const ExtractOptions&);
template std::vector<RecordedParameter> recorded_weights(const Model<double>&);
template void load_torch_weights(Model<double>&, const std::filesystem::path&,
                                 const std::map<std::string, std::string>&, const TorchWeightsOptions&);
template std::vector<std::string> load_weights(Model<double>&, const std::filesystem::path&, const LoadWeightsOptions&);
template std::vector<std::string> load_weights(Model<double>&, const WeightFile&, const LoadWeightsOptions&);
template Model<double> load_keras(const std::filesystem::path&, const LoadKerasOptions&, const Cpu&,
                                  const LayerRegistry<double, Cpu>&);
template Model<double> load_onnx(const std::filesystem::path&, const LoadOnnxOptions&, const Cpu&);
template SavedModel<double, Cpu> load_onnx_with_info(const std::filesystem::path&, const LoadOnnxOptions&, const Cpu&);
template void save_keras(const Model<double>&, const std::filesystem::path&);
template void detail::write_keras(const Model<double>&, const OptimizerState<double>*, detail::TrainingToWrite*,
                                  const std::filesystem::path&);
template SavedModel<double, Cpu> load_model(const std::filesystem::path&, const Cpu&,
                                            const LayerRegistry<double, Cpu>&);
template void save_model(const Model<double>&, const std::filesystem::path&, const ModelInfo&,
                         const OptimizerState<double>*);
template void save_model(const Model<double>&, const std::filesystem::path&, const data::Source&, const SaveOptions&,
                         const OptimizerState<double>*);
template void save_onnx(const Model<double>&, const std::filesystem::path&, const SaveOnnxOptions&);

namespace detail {
template std::map<std::string, TorchLayer> torch_layers(const Model<double>&);
}  // namespace detail
}  // namespace brindle::io

namespace brindle::models {

template Model<double> efficientnet_lite0(const Cpu&, const Shape&, const EfficientNetLite0Options&);
template Model<double> mobilenet_v1(const Cpu&, const Shape&, const MobileNetV1Options&);
template Model<double> mobilenet_v2(const Cpu&, const Shape&, const MobileNetV2Options&);
template Model<double> resnet18(const Cpu&, const Shape&, const ResNet18Options&);
template Model<double> resnet50(const Cpu&, const Shape&, const ResNet50Options&);
template Model<double> squeezenet1_1(const Cpu&, const Shape&, const SqueezeNet1_1Options&);

}  // namespace brindle::models
