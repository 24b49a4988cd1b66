#include <brindle/brindle.hpp>
#include <cstdio>

using namespace brindle;

int main() {
  Sequential<float> model{{12, 12, 3}, Conv2D{4, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{1, sigmoid}};
  const Tensor<float> y = model.predict(Tensor<float>({3, 12, 12, 3}));
  std::printf("%s\n", to_string(y.shape()).c_str());
  return y.shape() == Shape{3, 1} ? 0 : 1;
}
