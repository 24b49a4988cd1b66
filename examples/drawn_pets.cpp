// SPDX-License-Identifier: MIT
#include "drawn_pets.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "brindle/core/cpu.hpp"
#include "brindle/core/random.hpp"
#include "brindle/image/encode.hpp"
#include "brindle/image/picture.hpp"
#include "drawing.hpp"

namespace brindle::example_pets {
namespace {

enum class Markings { plain, tabby, patches, points };

/// Colours of a fur and how they are laid out.
struct Coat {
  Colour base, pale, dark;
  Markings markings;
  double stripes;  // to a unit
  Hills hills, hair;

  Coat(Dice& dice, const Random& random, bool dog)
      : hills({random.seed, random.what ^ 0x9e37u, random.step}),
        hair({random.seed, random.what ^ 0x51edu, random.step}) {
    // Orange and grey are more often a cat's, brown and sand a dog's; the last four are anybody's.
    static constexpr Colour cats[] = {{0.86, 0.55, 0.26}, {0.55, 0.53, 0.52}, {0.36, 0.35, 0.40}};
    static constexpr Colour dogs[] = {{0.50, 0.34, 0.22}, {0.80, 0.68, 0.50}, {0.68, 0.46, 0.30}};
    static constexpr Colour anybody[] = {
        {0.20, 0.18, 0.18}, {0.92, 0.88, 0.82}, {0.62, 0.52, 0.42}, {0.45, 0.38, 0.36}};
    static constexpr Markings all[] = {Markings::plain, Markings::tabby, Markings::patches, Markings::points};
    const double lot = dice(0, 1);
    base = lit(lot < 0.4            ? dice.pick(anybody)
               : (lot < 0.8) == dog ? dice.pick(dogs)
                                    : dice.pick(cats),
               dice(0.85, 1.12));
    pale = mix(base, {0.97, 0.94, 0.90}, dice(0.35, 0.9));
    dark = lit(base, dice(0.4, 0.75));
    markings = dice.pick(all);
    stripes = dice(1.6, 3.0);
  }

  Colour at(const Point& p, double shade) const {
    Colour c = base;
    if (markings == Markings::tabby) {
      const double wave = std::sin(6.28 * stripes * (p.x + 0.35 * hills(p.x * 1.5, p.y * 1.5)));
      c = mix(c, dark, std::clamp(wave * 2.5 - 0.6, 0.0, 0.9));
    } else if (markings == Markings::patches) {
      c = mix(c, mix(pale, {1, 1, 1}, 0.3), std::clamp((hills(p.x * 1.1 + 40, p.y * 1.1) - 0.5) * 12, 0.0, 1.0));
    }
    return lit(c, shade * (0.93 + 0.14 * hair(p.x * 14, p.y * 9)));
  }
};

struct Pet {
  bool dog;
  Coat coat;
  Colour eyes, collar, nose;
  bool has_collar, tongue, odd_ears;  // odd: pricked on a dog, folded on a cat
  double turn;                        // -1..1: where it looks
  double ear_length, muzzle, width;   // varied from animal to animal

  /// Fur: lighter on top, with a darker rim, or without one where two shapes make one form.
  auto fur(double top, double bottom, double light = 1, double edge = 0.38) const {
    return [this, top, bottom, light, edge](const Point& p, double distance) {
      const double down = std::clamp((p.y - top) / (bottom - top), 0.0, 1.0);
      const double rim = 1 - edge * std::clamp(1 + distance / 2.2, 0.0, 1.0);
      return coat.at(p, (1.12 - 0.3 * down) * rim * light);
    };
  }
  auto tinted(const Colour& colour, double top, double bottom) const {
    return [this, colour, top, bottom](const Point& p, double distance) {
      const double down = std::clamp((p.y - top) / (bottom - top), 0.0, 1.0);
      const double rim = 1 - 0.3 * std::clamp(1 + distance / 2.0, 0.0, 1.0);
      return lit(colour, (1.06 - 0.2 * down) * rim * (0.95 + 0.1 * coat.hair(p.x * 14, p.y * 9)));
    };
  }
};

void draw_eye(const Pen& pen, const Pet& pet, double side) {
  const double x = side * (pet.dog ? 0.36 : 0.42) * (1 - 0.12 * std::abs(pet.turn)) + 0.22 * pet.turn;
  if (pet.dog) {
    pen.fill(Ellipse{{x, -0.16}, 0.17, 0.16}, lit(pet.coat.dark, 0.45));
    pen.fill(Ellipse{{x, -0.15}, 0.13, 0.13}, mix(pet.eyes, {0.2, 0.1, 0.05}, 0.7));
    pen.fill(Ellipse{{x, -0.15}, 0.08, 0.08}, Colour{0.03, 0.03, 0.03});
  } else {
    pen.fill(Ellipse{{x, -0.1}, 0.25, 0.2, side * -0.3}, Colour{0.1, 0.08, 0.07});
    pen.fill(Ellipse{{x, -0.1}, 0.21, 0.165, side * -0.3}, pet.eyes);
    pen.fill(Ellipse{{x + 0.03 * pet.turn, -0.1}, 0.055, 0.155}, Colour{0.02, 0.02, 0.02});
  }
  pen.fill(Ellipse{{x - 0.05, -0.2}, 0.045, 0.045}, Colour{1, 1, 1});
}

/// The head around (0, 0), about one unit in radius.
void draw_head(const Pen& pen, const Pet& pet) {
  const double shift = 0.26 * pet.turn;
  const auto ear = [&](double side) {
    const double out = side * pet.width;
    if (pet.dog && !pet.odd_ears) return;  // floppy ears hang over the head, drawn after it
    Ear e = pet.dog ? Ear{{{0.86 * out, -0.25}, {0.78 * out, -1.05 - 0.35 * pet.ear_length}, {0.2 * out, -0.78}}, 0.1}
                    : Ear{{{0.92 * out, -0.2}, {0.82 * out, -1.0 - 0.4 * pet.ear_length}, {0.16 * out, -0.74}}, 0.04};
    if (!pet.dog && pet.odd_ears) e.corner[1] = {0.98 * out, -0.86};
    pen.fill(e, pet.fur(-1.4, 0, pet.coat.markings == Markings::points ? 0.6 : 0.95));
    if (!pet.dog && pet.odd_ears) return;
    const Point middle{(e.corner[0].x + e.corner[1].x + e.corner[2].x) / 3,
                       (e.corner[0].y + e.corner[1].y + e.corner[2].y) / 3};
    for (Point& c : e.corner) c = {middle.x + 0.55 * (c.x - middle.x), middle.y + 0.55 * (c.y - middle.y) + 0.05};
    pen.fill(e, mix({0.85, 0.56, 0.54}, pet.coat.dark, 0.35), 0.8);
  };
  ear(-1);
  ear(1);

  const bool masked = pet.coat.markings == Markings::points;
  if (pet.dog) {
    pen.fill(Ellipse{{0, 0}, 0.86 * pet.width, 0.95}, pet.fur(-1, 1));
    pen.fill(Ellipse{{0, 0.36}, 0.74 * pet.width, 0.57}, pet.fur(-1, 1, 1, 0));
    if (!pet.odd_ears)
      for (const double side : {-1.0, 1.0})
        pen.fill(Ellipse{{side * 0.88 * pet.width, 0.05 + 0.12 * pet.ear_length},
                         0.3,
                         0.55 + 0.25 * pet.ear_length,
                         side * -0.28},
                 pet.fur(-0.6, 1, masked ? 0.55 : 0.78));
    pen.fill(Ellipse{{shift * 1.3, 0.5}, 0.44 + 0.08 * pet.muzzle, 0.42 + 0.1 * pet.muzzle},
             pet.tinted(masked ? pet.coat.dark : pet.coat.pale, 0, 1));
    const double x = shift * 1.6;
    if (pet.tongue) pen.fill(Ellipse{{x + 0.05, 0.92}, 0.16, 0.27}, Colour{0.88, 0.42, 0.45});
    const Colour line = lit(pet.coat.dark, 0.35);
    pen.fill(Stroke{{x, 0.4}, {x, 0.55}, {x, 0.68}, 0.025, 0.025}, line);
    pen.fill(Stroke{{x, 0.68}, {x + 0.16, 0.8}, {x + 0.32, 0.66}, 0.03, 0.02}, line);
    pen.fill(Stroke{{x, 0.68}, {x - 0.16, 0.8}, {x - 0.32, 0.66}, 0.03, 0.02}, line);
    pen.fill(Ellipse{{x, 0.28}, 0.21, 0.15}, mix(pet.nose, {0.05, 0.05, 0.05}, 0.8));
    pen.fill(Ellipse{{x - 0.06, 0.23}, 0.06, 0.035}, Colour{0.6, 0.6, 0.62}, 0.8);
  } else {
    pen.fill(Ellipse{{0, 0}, 0.98 * pet.width, 0.86}, pet.fur(-1, 1));
    for (const double side : {-1.0, 1.0})
      pen.fill(Ellipse{{side * 0.52 * pet.width, 0.3}, 0.46, 0.4}, pet.fur(-1, 1, 1, 0));
    pen.fill(Ellipse{{shift, 0.2}, 0.5, 0.5}, pet.fur(-1, 1, masked ? 0.6 : 1, 0), 0.9);
    for (const double side : {-1.0, 1.0})
      pen.fill(Ellipse{{shift * 1.2 + side * 0.16, 0.42}, 0.2 + 0.04 * pet.muzzle, 0.17 + 0.03 * pet.muzzle},
               pet.tinted(pet.coat.pale, 0, 0.8));
    const double x = shift * 1.25;
    const Colour line = lit(pet.coat.dark, 0.4);
    pen.fill(Stroke{{x, 0.33}, {x + 0.04, 0.5}, {x + 0.2, 0.5}, 0.02, 0.015}, line);
    pen.fill(Stroke{{x, 0.33}, {x - 0.04, 0.5}, {x - 0.2, 0.5}, 0.02, 0.015}, line);
    pen.fill(Ear{{{x - 0.09, 0.21}, {x + 0.09, 0.21}, {x, 0.31}}, 0.03}, pet.nose);
    if (pet.tongue) pen.fill(Ellipse{{x, 0.54}, 0.06, 0.07}, Colour{0.88, 0.42, 0.45});
    const Colour whisker = pet.coat.base.r + pet.coat.base.g > 1.2 ? Colour{0.25, 0.2, 0.2} : Colour{0.95, 0.95, 0.95};
    for (const double side : {-1.0, 1.0})
      for (int i = 0; i < 3; ++i) {
        const double end = 0.12 + 0.26 * i;
        pen.fill(Stroke{{x + side * 0.28, 0.38 + 0.05 * i},
                        {x + side * 0.8, 0.28 + 0.1 * i},
                        {x + side * 1.3, end},
                        0.018,
                        0.008},
                 whisker, 0.85);
      }
  }
  draw_eye(pen, pet, -1);
  draw_eye(pen, pet, 1);
}

enum class Pose { face, sitting, standing, lying };

Box box_of(Pose pose) {
  switch (pose) {
    case Pose::face:
      return {-1.2, -1.3, 1.2, 1.1};
    case Pose::sitting:
      return {-1.6, -1.3, 1.9, 3.3};
    case Pose::standing:
      return {-1.3, -1.3, 4.2, 3.3};
    default:
      return {-1.5, -1.3, 3.4, 2.1};
  }
}

void draw_tail(const Pen& pen, const Pet& pet, const Point& root, double up) {
  if (pet.dog)
    pen.fill(Stroke{root, {root.x + 0.5, root.y - 0.1}, {root.x + 0.75, root.y - 0.5 - 0.5 * up}, 0.2, 0.09},
             pet.fur(root.y - 1, root.y + 0.3));
  else
    pen.fill(Stroke{root, {root.x + 1.3, root.y + 0.1}, {root.x + 0.85, root.y - 0.9 - 0.8 * up}, 0.15, 0.11},
             pet.fur(root.y - 1.5, root.y + 0.3));
}

void draw_leg(const Pen& pen, const Pet& pet, double x, double top, double bottom, double light) {
  const double thick = pet.dog ? 0.24 : 0.2;
  pen.fill(Stroke{{x, top}, {x + 0.04, (top + bottom) / 2}, {x, bottom}, thick * 1.2, thick},
           pet.fur(top, bottom, light));
  pen.fill(Ellipse{{x - 0.08, bottom + 0.06}, thick * 1.35, 0.17},
           pet.tinted(lit(pet.coat.pale, light), bottom - 0.2, bottom + 0.3));
}

void draw_pet(const Pen& pen, const Pet& pet, Pose pose, Dice& dice) {
  const double up = dice(0, 1), tilt = dice(-0.15, 0.15);
  const double deep = pet.dog ? 1.08 : 0.95;
  if (pose == Pose::sitting) {
    draw_tail(pen, pet, {0.75, 2.75}, up);
    for (const double side : {-1.0, 1.0}) pen.fill(Ellipse{{side * 0.78, 2.6}, 0.5, 0.58}, pet.fur(1.8, 3.3, 0.9));
    pen.fill(Ellipse{{0, 1.9}, 0.9 * deep, 1.25}, pet.fur(0.6, 3.2));
    pen.fill(Ellipse{{0, 1.55}, 0.42, 0.75}, pet.tinted(pet.coat.pale, 0.8, 2.6), 0.75);
    draw_leg(pen, pet, -0.34, 2.0, 3.0, 1);
    draw_leg(pen, pet, 0.4, 2.0, 3.0, 1);
  } else if (pose == Pose::standing) {
    draw_tail(pen, pet, {3.05, 1.0}, up);
    for (const double x : {0.95, 2.55}) draw_leg(pen, pet, x, 1.6, 2.95, 0.72);
    pen.fill(Ellipse{{1.75, 1.3}, 1.6, 0.7 * deep}, pet.fur(0.5, 2.1));
    pen.fill(Ellipse{{0.6, 1.05}, 0.7, 0.75 * deep, 0.5}, pet.fur(0.3, 1.9));
    for (const double x : {0.5, 2.95}) draw_leg(pen, pet, x, 1.5, 3.05, 1);
  } else if (pose == Pose::lying) {
    draw_tail(pen, pet, {2.6, 1.5}, up * 0.4);
    pen.fill(Ellipse{{1.25, 1.2}, 1.65, 0.72 * deep}, pet.fur(0.4, 2));
    pen.fill(Ellipse{{2.2, 1.35}, 0.7, 0.6}, pet.fur(0.5, 2.1, 0.95));
    for (const double y : {1.55, 1.78})
      pen.fill(Stroke{{0.4, y}, {-0.3, y}, {-0.95, y + 0.08}, 0.22, 0.19}, pet.fur(1.2, 2.1, y > 1.6 ? 1 : 0.8));
  }
  if (pet.has_collar && pose != Pose::face)
    pen.fill(Stroke{{-0.62, 0.7}, {0, 1.1}, {0.62, 0.7}, 0.11, 0.11}, pet.collar);
  Pen head = pen.moved({0, 0}, tilt);
  if (pose != Pose::face) head.scale *= 1.2;  // as children draw them
  draw_head(head, pet);
}

/// A meadow, a room, or blurred lights.
void draw_place(Canvas& canvas, Dice& dice, const Random& random) {
  const Hills hills(random);
  const double kind = dice(0, 3), horizon = dice(0.35, 0.75), w = static_cast<double>(canvas.width);
  static constexpr Colour walls[] = {{0.78, 0.72, 0.62}, {0.56, 0.66, 0.70}, {0.70, 0.56, 0.52}, {0.60, 0.66, 0.54},
                                     {0.45, 0.43, 0.48}, {0.88, 0.86, 0.82}, {0.72, 0.66, 0.76}};
  static constexpr Colour floors[] = {
      {0.56, 0.40, 0.26}, {0.42, 0.36, 0.34}, {0.70, 0.60, 0.46}, {0.50, 0.20, 0.20}, {0.26, 0.32, 0.42}};
  const Colour wall = lit(dice.pick(walls), dice(0.7, 1.1)), floor = lit(dice.pick(floors), dice(0.7, 1.15));
  const Colour sky = mix({0.45, 0.65, 0.88}, {0.85, 0.82, 0.78}, dice(0, 1));
  const Colour grass = mix({0.30, 0.50, 0.20}, {0.55, 0.55, 0.26}, dice(0, 1));
  const double boards = dice(8, 30), grain = dice(0.02, 0.1);
  for (std::int64_t row = 0; row < canvas.height; ++row)
    for (std::int64_t column = 0; column < canvas.width; ++column) {
      const double x = static_cast<double>(column) / w,
                   y = static_cast<double>(row) / static_cast<double>(canvas.height);
      Colour c;
      if (kind < 1) {
        const double edge = horizon + 0.1 * (hills(x * 3, 7) - 0.5);
        c = y < edge ? mix(sky, {0.95, 0.95, 0.95}, 0.5 * y + 0.6 * std::clamp(hills(x * 4, y * 9) - 0.5, 0.0, 1.0))
                     : lit(grass, 0.75 + 0.5 * hills(x * 40, y * 14) * (0.4 + y));
      } else if (kind < 2) {
        const double line = std::abs(std::fmod((y - horizon) * boards + 100, 1.0) - 0.5);
        c = y < horizon ? lit(wall, 1.05 - 0.2 * x + grain * (hills(x * 20, y * 20) - 0.5))
                        : lit(floor, (line < 0.06 ? 0.8 : 1.0) * (0.85 + 0.3 * hills(x * 5, y * 30)));
        if (std::abs(y - horizon) < 0.012) c = lit(floor, 0.6);
      } else {
        c = mix(wall, floor, hills(x * 2.5, y * 2.5));
      }
      canvas.at(row, column) = mix(c, {0.75, 0.75, 0.74}, 0.45);  // out of focus, so that the animal stands out
    }
  const Pen pen{canvas, {0, 0}, w};
  const double tall = static_cast<double>(canvas.height) / w;
  const int things = static_cast<int>(dice(0, 3));
  for (int i = 0; i < things; ++i) {
    const Colour colour = lit(i % 2 ? dice.pick(walls) : dice.pick(floors), dice(0.6, 1.3));
    const Point p{dice(0, 1), dice(0, horizon) * tall};
    const double r = dice(0.03, 0.14);
    if (kind < 1)  // bushes
      pen.fill(Ellipse{{p.x, horizon * tall}, r * 1.4, r}, lit(grass, dice(0.5, 0.9)));
    else if (kind < 2)  // framed pictures
      pen.fill(Stroke{{p.x - r / 2, p.y}, {p.x, p.y}, {p.x + r / 2, p.y}, r * 0.7, r * 0.7}, colour);
    else
      pen.fill(Ellipse{p, r, r}, colour, 0.4);
  }
}

/// One picture of a cat or a dog, of about `size` pixels a side.
image::Picture draw_picture(bool dog, const Random& random, double size) {
  Dice dice(random);
  Canvas canvas(static_cast<std::int64_t>(size * dice(0.75, 1.25)), static_cast<std::int64_t>(size * dice(0.75, 1.3)));
  draw_place(canvas, dice, {random.seed, random.what ^ 0x77u, random.step});

  Coat coat(dice, random, dog);
  static constexpr Colour irises[] = {{0.55, 0.72, 0.30}, {0.85, 0.68, 0.22}, {0.45, 0.62, 0.75}, {0.62, 0.42, 0.18}};
  static constexpr Colour bands[] = {{0.75, 0.15, 0.15}, {0.15, 0.3, 0.65}, {0.2, 0.5, 0.3}, {0.15, 0.15, 0.15}};
  static constexpr Colour noses[] = {{0.80, 0.45, 0.45}, {0.35, 0.22, 0.2}, {0.12, 0.1, 0.1}};
  static constexpr Pose poses[] = {Pose::face,    Pose::face,     Pose::face, Pose::sitting,
                                   Pose::sitting, Pose::standing, Pose::lying};
  Pet pet{.dog = dog,
          .coat = coat,
          .eyes = dice.pick(irises),
          .collar = dice.pick(bands),
          .nose = dice.pick(noses),
          .has_collar = dice.chance(0.35),
          .tongue = dice.chance(dog ? 0.6 : 0.1),
          .odd_ears = dice.chance(0.06),
          .turn = dice(-0.7, 0.7),
          .ear_length = dice(0, 1),
          .muzzle = dice(0, 1),
          .width = dice(0.92, 1.08)};
  const Pose pose = dice.pick(poses);
  const Box box = box_of(pose);
  const double width = static_cast<double>(canvas.width), height = static_cast<double>(canvas.height);
  const double share = pose == Pose::face ? dice(0.8, 1.1) : dice(0.85, 1.1);
  const double scale = share * std::min(width / (box.right - box.left), height / (box.bottom - box.top));
  const double mirror = dice.chance(0.5) ? 1 : -1;
  const Point middle{(box.left + box.right) / 2 * mirror, (box.top + box.bottom) / 2};
  const double free_x = std::max(0.08 * width, width - scale * (box.right - box.left)) / 2;
  const double free_y = std::max(0.08 * height, height - scale * (box.bottom - box.top)) / 2;
  const Pen pen{canvas,
                {width / 2 - middle.x * scale + dice(-0.6, 0.6) * free_x,
                 height / 2 - middle.y * scale + dice(-0.4, 0.6) * free_y},
                scale,
                dice(-0.06, 0.06),
                mirror};
  if (pose != Pose::face)
    pen.fill(Ellipse{{(box.left + box.right) / 2, box.bottom - 0.2}, (box.right - box.left) * 0.42, 0.3},
             Colour{0.05, 0.05, 0.05}, 0.35);
  draw_pet(pen, pet, pose, dice);

  // The light of the day and the noise of the camera.
  const double light = dice(0.88, 1.1), warm = dice(-0.03, 0.03), noise = dice(0.01, 0.03);
  const Random grains{random.seed, random.what ^ 0xabcdu, random.step};
  image::Picture picture(canvas.height, canvas.width, 3);
  for (std::size_t i = 0; i < canvas.pixels.size(); ++i) {
    const Colour& c = canvas.pixels[i];
    const Philox words = grains.words(i);
    const double channel[3] = {c.r * (light + warm), c.g * light, c.b * (light - warm)};
    for (std::size_t k = 0; k < 3; ++k) {
      const double grain = (static_cast<double>(words.word[k] >> 8) * 0x1p-24 - 0.5) * 2 * noise;
      picture.pixels[i * 3 + k] = static_cast<std::uint8_t>(std::clamp(channel[k] + grain, 0.0, 1.0) * 255 + 0.5);
    }
  }
  return picture;
}

}  // namespace

void draw_pets(const std::filesystem::path& folder, std::int64_t count, std::uint64_t seed, double size,
               const Cpu& on) {
  std::filesystem::create_directories(folder);
  on.parallel(2 * count, [&](std::int64_t i, int) {
    const bool dog = i % 2 == 1;
    const char* kind = dog ? "dog" : "cat";
    const Random random{seed, stream_id("pet", kind), static_cast<std::uint32_t>(i / 2)};
    image::write_jpeg(folder / (std::string(kind) + "." + std::to_string(i / 2) + ".jpg"),
                      draw_picture(dog, random, size), 88);
  });
}

}  // namespace brindle::example_pets
