// SPDX-License-Identifier: MIT
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "brindle/image/apply_op.hpp"
#include "support/double_models.hpp"
#include "support/golden.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

constexpr PictureOp all_ops[] = {
    PictureOp::shear_x,    PictureOp::shear_y,  PictureOp::translate_x,  PictureOp::translate_y, PictureOp::rotate,
    PictureOp::brightness, PictureOp::contrast, PictureOp::saturation,   PictureOp::hue,         PictureOp::sharpness,
    PictureOp::posterize,  PictureOp::solarize, PictureOp::autocontrast, PictureOp::equalize};

}  // namespace

TEST_CASE("changes of whole pictures are torchvision's, byte by byte", "[image][picture_op][golden]") {
  const Golden golden("picture_ops.npz");
  int compared = 0;
  for (const PictureOp op : all_ops)
    for (const std::string& name : golden.cases(to_string(op) + "_")) {
      std::string amount = name.substr(to_string(op).size() + 1);
      std::replace(amount.begin(), amount.end(), 'p', '.');
      if (amount.find_first_not_of("-.0123456789") != std::string::npos) continue;
      for (const std::string kind : {"colour", "grey"}) {
        INFO(name << " " << kind);
        Tensor<std::uint8_t> picture = golden.get<std::uint8_t>(kind);
        const Tensor<std::uint8_t> expected = golden.get<std::uint8_t>(name + "." + kind);
        image::apply_op(op, std::stod(amount), picture.view());
        std::int64_t other = 0, furthest = 0;
        for (std::int64_t i = 0; i < picture.size(); ++i) {
          const std::int64_t off = std::abs(picture[i] - expected[i]);
          other += off != 0 ? 1 : 0;
          furthest = std::max<std::int64_t>(furthest, off);
        }
        CAPTURE(other, furthest);
        CHECK(other == 0);
        ++compared;
      }
    }
  CHECK(compared == 56);
}

TEST_CASE("changes of whole pictures refuse what is no picture", "[image][picture_op]") {
  Tensor<std::uint8_t> two({4, 4, 2});
  CHECK_THROWS_WITH(image::apply_op(PictureOp::hue, 0.1, two.view()),
                    Contains("apply_op: hue expects a picture (H, W, 1) or (H, W, 3), got (4, 4, 2)"));
  Tensor<std::uint8_t> dot({1, 1, 3});
  for (const PictureOp op : all_ops) CHECK_NOTHROW(image::apply_op(op, 1, dot.view()));
}
