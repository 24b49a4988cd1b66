// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what answered_photos.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/names_text.hpp"
#include "brindle/core/path_of.hpp"
#include "brindle/core/stable_sort.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/picture_source.hpp"
#include "brindle/image/encode.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/read_picture.hpp"
#include "brindle/image/resize.hpp"
#include "brindle/nn/classification_metrics.hpp"
#include "brindle/nn/familiarity.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/report/answered_photos.hpp"
#include "brindle/report/classification_report.hpp"
#include "brindle/report/colour_scale.hpp"
#include "brindle/report/confusion_matrix.hpp"
#include "brindle/report/drawing.hpp"
#include "brindle/report/grad_cam.hpp"
#include "brindle/report/markup.hpp"
#include "brindle/report/number_text.hpp"
#include "brindle/report/run_page.hpp"
#include "brindle/train/familiarity_of.hpp"
#include "brindle/train/fit_checks.hpp"

namespace brindle::report::internal {

BRINDLE_INLINE std::vector<AnsweredPhoto> chosen_photos(In<float, Cpu> outputs, In<float, Cpu> labels,
                                                        const AnsweredPhotosOptions& o) {
  std::vector<AnsweredPhoto> chosen;
  for (const Mistake& m : worst_mistakes(outputs, labels, o.most_mistakes, o.outputs))
    chosen.push_back({m.row, m.label, m.predicted, m.probability});
  const std::vector<std::int64_t> predicted = predicted_classes<float>(outputs, o.outputs);
  const std::int64_t k = outputs.shape[1];
  std::vector<AnsweredPhoto> right;
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i), label = static_cast<std::int64_t>(labels.data[i]);
    if (predicted[i] == label)
      right.push_back({row, label, label, detail::class_probability(outputs.data + row * k, k, label, o.outputs)});
  }
  detail::stable_sort(right,
                      [](const AnsweredPhoto& a, const AnsweredPhoto& b) { return a.probability < b.probability; });
  std::vector<std::size_t> taken(static_cast<std::size_t>(std::max<std::int64_t>(k, 2)));
  const std::size_t of_each = std::min(o.most_right, 200 / taken.size());
  for (AnsweredPhoto& photo : right)
    if (taken[static_cast<std::size_t>(photo.label)]++ < of_each) chosen.push_back(std::move(photo));
  return chosen;
}

BRINDLE_INLINE std::vector<std::vector<SimilarPhoto>> nearest_rows(const Cpu& on, In<float, Cpu> x,
                                                                   In<float, Cpu> among, std::size_t count) {
  const std::int64_t n = x.shape[0], m = among.shape[0], width = x.shape[1];
  const auto length = [&](const float* row) {
    double squares = 0;
    for (std::int64_t i = 0; i < width; ++i) squares += static_cast<double>(row[i]) * static_cast<double>(row[i]);
    return std::sqrt(squares);
  };
  std::vector<double> lengths(static_cast<std::size_t>(m));
  for (std::int64_t j = 0; j < m; ++j) lengths[static_cast<std::size_t>(j)] = length(among.data + j * width);
  std::vector<std::vector<SimilarPhoto>> nearest(static_cast<std::size_t>(n));
  on.parallel(n, [&](std::int64_t i, int) {
    const float* a = x.data + i * width;
    const double own = length(a);
    std::vector<SimilarPhoto> all;
    for (std::int64_t j = 0; j < m; ++j) {
      const float* b = among.data + j * width;
      double product = 0;
      for (std::int64_t f = 0; f < width; ++f) product += static_cast<double>(a[f]) * static_cast<double>(b[f]);
      const double lengths_of_both = own * lengths[static_cast<std::size_t>(j)];
      all.push_back({j, lengths_of_both > 0 ? std::min(product / lengths_of_both, 1.0) : 0});
    }
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(count, all.size()));
    std::partial_sort(all.begin(), end, all.end(), [](const SimilarPhoto& p, const SimilarPhoto& q) {
      return std::tuple(-p.cosine, p.row) < std::tuple(-q.cosine, q.row);
    });
    nearest[static_cast<std::size_t>(i)].assign(all.begin(), end);
  });
  return nearest;
}

BRINDLE_INLINE image::Picture shown_photo(const data::PictureSource& photos, std::int64_t row, std::int64_t side) {
  const auto input = photos.picture_input();
  image::Picture photo;
  try {
    const PictureInput as_it_is{.orientation = Orientation::as_stored};
    photo = image::read_upright(photos.describe(row), input ? *input : as_it_is);
    if (input) photo = image::seen(photo, *input);
  } catch (const FileError&) {
    const Shape shape = photos.sample_shape();
    photo = image::Picture(shape[0], shape[1], shape[2]);
    photos.with_pixels(row,
                       [&](const std::uint8_t* pixels) { std::copy_n(pixels, shape.size(), photo.pixels.data()); });
  }
  return image::internal::at_most(image::with_color_mode(photo, ColorMode::rgb), side);
}

/// The photos of a page as HTML, and what could not be shown.
class PhotoCards {
 public:
  PhotoCards(const AnsweredPhotos& answered, const data::PictureSource& photos, const data::PictureSource* training,
             const AnsweredPhotosPageOptions& o, std::string id)
      : answered_(answered),
        photos_(photos),
        training_(training),
        o_(o),
        names_(photos.class_names()),
        id_(std::move(id)) {
    check_class_names(answered.matrix, names_);
    if (training != nullptr && training->class_names() != names_)
      brindle::detail::raise<DataError>("add_answered_photos: the classes of the training photos are " +
                                        brindle::detail::names_text(training->class_names()) +
                                        ", those of the photos " + brindle::detail::names_text(names_) +
                                        "; load both with the same .classes");
    const std::int64_t k = answered.matrix.classes();
    shown_.assign(static_cast<std::size_t>(k * k), 0);
    std::size_t bytes = 0;
    for (const AnsweredPhoto& photo : answered.photos) {
      const bool wrong = photo.label != photo.predicted;
      std::string html = card(photo, wrong && mistakes_ < o.first);
      if (bytes + html.size() > o.most_bytes) {
        full_ = true;
        break;
      }
      bytes += html.size();
      if (wrong) ++mistakes_;
      ++shown_[static_cast<std::size_t>(photo.label * k + photo.predicted)];
      html_ += html;
    }
  }

  const std::vector<std::string>& names() const { return names_; }
  const std::string& html() const { return html_; }
  bool full() const { return full_; }                 ///< whether photos were left out for their bytes
  std::size_t mistakes() const { return mistakes_; }  ///< that are shown
  std::size_t shown(std::int64_t truth, std::int64_t guess) const {
    return shown_[static_cast<std::size_t>(truth * answered_.matrix.classes() + guess)];
  }
  const std::string& name(std::int64_t c) const { return names_[static_cast<std::size_t>(c)]; }
  std::string cell(std::int64_t truth, std::int64_t guess) const {
    return id_ + "-" + std::to_string(truth) + "-" + std::to_string(guess);
  }

 private:
  std::string picture(const image::Picture& p, const std::string& meaning) const {
    return "<img width=\"" + std::to_string(p.width) + "\" height=\"" + std::to_string(p.height) + "\" alt=\"" +
           escaped(meaning) + "\" src=\"data:image/jpeg;base64," + base64(image::encode_jpeg(p, o_.quality)) + "\">";
  }

  std::string card(const AnsweredPhoto& photo, bool first) const {
    const bool wrong = photo.label != photo.predicted;
    const std::string file = brindle::detail::path_of(photos_.describe(photo.row)).filename().string();
    const image::Picture seen = shown_photo(photos_, photo.row, o_.side);
    std::string html = "<figure class=\"card " + cell(photo.label, photo.predicted) + (first ? " first" : "") +
                       (wrong ? " wrong" : "") + "\">\n<div class=\"pair\">" + picture(seen, file);
    if (!photo.map.empty())
      html += picture(grad_cam_picture(seen, photo.map.view()), "what speaks for " + name(photo.predicted));
    html += "</div>\n<figcaption><strong>" + escaped(name(photo.label)) + "</strong> " +
            (wrong ? "taken for <strong>" + escaped(name(photo.predicted)) + "</strong>" : std::string("found")) +
            ", probability " + fixed(photo.probability, photo.probability > 0.999 ? 5 : 3) + "<br>" + escaped(file) +
            "</figcaption>\n";
    if (!photo.similar.empty() && training_ != nullptr) {
      html += "<p class=\"note\">Nearest training photos</p>\n<ul class=\"near\">\n";
      for (const SimilarPhoto& other : photo.similar) {
        const auto label = static_cast<std::int64_t>(training_->labels().data[other.row]);
        const std::string other_file = brindle::detail::path_of(training_->describe(other.row)).filename().string();
        html += "<li>" + picture(shown_photo(*training_, other.row, o_.similar_side), other_file) + "<span>" +
                escaped(name(label)) + " " + fixed(other.cosine, 2) + "</span></li>\n";
      }
      html += "</ul>\n";
    }
    return html + "</figure>\n";
  }

  const AnsweredPhotos& answered_;
  const data::PictureSource& photos_;
  const data::PictureSource* training_;
  const AnsweredPhotosPageOptions& o_;
  std::vector<std::string> names_;
  std::string id_;
  std::vector<std::size_t> shown_;  // of each square
  std::string html_;
  std::size_t mistakes_ = 0;
  bool full_ = false;
};

/// "3 photos of cat taken for dog".
BRINDLE_INLINE std::string cell_text(const PhotoCards& cards, std::int64_t n, std::int64_t truth, std::int64_t guess) {
  return thousands(n) + (n == 1 ? " photo of " : " photos of ") + cards.name(truth) +
         (truth == guess ? " found" : " taken for " + cards.name(guess));
}

/// Links to the squares with mistakes, the fullest first.
BRINDLE_INLINE std::string mistake_links(const PhotoCards& cards, const ConfusionMatrix& m) {
  std::vector<std::tuple<std::int64_t, std::int64_t, std::int64_t>> cells;
  for (std::int64_t truth = 0; truth < m.classes(); ++truth)
    for (std::int64_t guess = 0; guess < m.classes(); ++guess)
      if (truth != guess && cards.shown(truth, guess) > 0) cells.emplace_back(-m.count(truth, guess), truth, guess);
  std::sort(cells.begin(), cells.end());
  std::string html;
  for (std::size_t i = 0; i < std::min<std::size_t>(cells.size(), 12); ++i) {
    const auto& [n, truth, guess] = cells[i];
    html += "<li><a href=\"#" + cards.cell(truth, guess) + "\">" + escaped(cards.name(truth)) + " taken for " +
            escaped(cards.name(guess)) + "</a> " + thousands(-n) + "</li>\n";
  }
  return html.empty() ? html : "<ul class=\"links\">\n" + html + "</ul>\n";
}

}  // namespace brindle::report::internal

namespace brindle::report {

template <class T, class Device>
AnsweredPhotos answered_photos(const Model<T, Device>& model, In<float, Cpu> outputs, const data::PictureSource& photos,
                               const data::PictureSource* training, const AnsweredPhotosOptions& o) {
  detail::check_samples("answered_photos", model.input_shape(), photos, o.batch);
  AnsweredPhotos answered{.matrix = confusion_matrix(outputs, photos.labels(), o.outputs),
                          .photos = internal::chosen_photos(outputs, photos.labels(), o)};
  Cpu host;  // that reads
  if constexpr (std::is_same_v<Device, Cpu>) host = model.device();
  if (internal::last_map_layer(model) == model.layers().size()) {
    answered.no_maps = "the network has no layer that gives a map of the photo";
  } else {
    Tensor<T> x = Tensor<T>::uninitialized(model.input_shape().batch(1));
    for (AnsweredPhoto& photo : answered.photos) {
      const data::Draw draw{photo.row, static_cast<std::uint64_t>(photo.row)};
      photos.read(host, std::span(&draw, 1), x.view());
      photo.map = grad_cam<T>(model, x.view(), photo.predicted);
    }
  }
  if (training == nullptr || o.similar == 0) {
    answered.no_similar = training == nullptr ? "there are none here" : "they were not wanted";
    return answered;
  }
  detail::check_samples("answered_photos", model.input_shape(), *training, o.batch);
  try {
    const std::size_t value = detail::feature_value("answered_photos", model);
    const auto among = detail::rows_of_all_classes(*training, o.most_training, 0);
    std::vector<std::int64_t> rows;
    for (const AnsweredPhoto& photo : answered.photos) rows.push_back(photo.row);
    if (rows.empty()) return answered;
    const Tensor<float> x = detail::features_of(model, value, photos, rows, o.batch);
    const Tensor<float> y = detail::features_of(model, value, *training, among, o.batch);
    answered.compared = static_cast<std::int64_t>(among.size());
    auto nearest = internal::nearest_rows(host, x.view(), y.view(), o.similar);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (SimilarPhoto& other : nearest[i]) other.row = among[static_cast<std::size_t>(other.row)];
      answered.photos[i].similar = std::move(nearest[i]);
    }
  } catch (const ValueError& e) {  // a network without features of that kind
    answered.no_similar = e.what();
  }
  return answered;
}

BRINDLE_INLINE RunPage& add_answered_photos(RunPage& page, const AnsweredPhotos& answered,
                                            const data::PictureSource& photos, const data::PictureSource* training,
                                            const AnsweredPhotosPageOptions& o) {
  const ConfusionMatrix& m = answered.matrix;
  const std::string id = "photos" + std::to_string(page.sections.size());
  const internal::PhotoCards cards(answered, photos, training, o, id);
  const std::int64_t k = m.classes(), wrong = [&] {
    std::int64_t right = 0;
    for (std::int64_t c = 0; c < k; ++c) right += m.count(c, c);
    return m.total() - right;
  }();
  std::vector<std::string> links;
  std::string cells, css;
  for (std::int64_t truth = 0; truth < k; ++truth)
    for (std::int64_t guess = 0; guess < k; ++guess) {
      const auto shown = static_cast<std::int64_t>(cards.shown(truth, guess));
      links.push_back(shown > 0 ? std::string("#").append(cards.cell(truth, guess)) : "");
      if (shown == 0) continue;
      const std::int64_t n = m.count(truth, guess);
      const std::string cell = cards.cell(truth, guess);
      cells += "<p class=\"cell\" id=\"" + cell + "\"><strong>" +
               internal::escaped(internal::cell_text(cards, n, truth, guess)) + "</strong>" +
               (shown == n ? ""
                           : std::string(truth == guess ? "; the least sure " : "; the surest ") + thousands(shown) +
                                 (shown == 1 ? " is" : " are") + " shown") +
               ". <a href=\"#" + id + "\">To the matrix</a> <a href=\"#" + id + "-first\">Surest mistakes</a></p>\n";
      css += "#" + cell + ":target ~ .cards ." + cell + " { display: block; }\n";
    }
  const std::string of_all =
      thousands(wrong) + " of " + thousands(m.total()) + " " + o.photos + (m.total() == 1 ? " photo" : " photos") +
      (wrong == 1 ? " was" : " were") + " taken for another class: accuracy " +
      share_text(m.total() > 0 ? static_cast<double>(m.total() - wrong) / static_cast<double>(m.total()) : 0,
                 m.total()) +
      ", in parentheses where the true one lies, at 95 %. A click on a square shows the photos behind it.";
  page.sections.push_back({o.matrix_heading, "<p class=\"place\" id=\"" + id + "\">" + internal::escaped(of_all) +
                                                 "</p>\n<div class=\"drawings\" tabindex=\"0\">\n" +
                                                 internal::drawing_element(confusion_matrix_drawing(
                                                     m, cards.names(), {.title = "", .links = std::move(links)})) +
                                                 "</div>\n" + internal::mistake_links(cards, m)});

  const auto shown = static_cast<std::int64_t>(cards.mistakes());
  const std::int64_t first = std::min<std::int64_t>(shown, static_cast<std::int64_t>(o.first));
  std::string text = wrong == 0 ? "No photo was taken for another class." : "The surest come first.";
  if (first < shown) text += " Shown are " + thousands(first) + ".";
  std::string notes;
  if (shown < wrong)
    notes += "Left out: " + thousands(wrong - shown) + " of " + thousands(wrong) + " mistakes, the least sure" +
             (cards.full() ? ", so that the photos take " + thousands(static_cast<std::int64_t>(o.most_bytes / 1024)) +
                                 " KiB at most. "
                           : ". ");
  else if (cards.full())
    notes += "Some photos of the right answers are left out, so that all take " +
             thousands(static_cast<std::int64_t>(o.most_bytes / 1024)) + " KiB at most. ";
  notes += answered.no_maps.empty()
               ? "The brighter a place in the coloured picture, the more does it speak for what the "
                 "photo was taken for (Grad-CAM). "
               : "What speaks for an answer is not drawn: " + answered.no_maps + ". ";
  notes += answered.no_similar.empty()
               ? "Nearest are, of " + thousands(answered.compared) +
                     " training photos, those with the largest cosine of what the network sees in both; near 1 is the "
                     "same photo, or nearly. Where they look like the photo and are of the class that it was taken "
                     "for, look at its label first."
               : "Nearest training photos are not shown: " + answered.no_similar + ".";
  const std::string target = id + "-first", all = id + "-all";
  std::string html = cells;
  if (first < shown) {
    html += "<p class=\"cell\" id=\"" + all + "\"><strong>All " + thousands(shown) +
            (shown < wrong ? " mistakes that the page has" : " mistakes") + "</strong>. <a href=\"#" + id +
            "\">To the matrix</a> <a href=\"#" + target + "\">Fewer</a></p>\n";
    css += "#" + all + ":target ~ .cards .wrong { display: block; }\n";
  }
  html += "<p class=\"other\" id=\"" + target + "\">" + internal::escaped(text) +
          (first < shown ? " <a href=\"#" + all + "\">All " + thousands(shown) + "</a>" : "") + "</p>\n" +
          "<p class=\"note\">" + internal::escaped(notes) + "</p>\n";
  if (answered.no_maps.empty() && !answered.photos.empty())
    html += "<div class=\"drawings\">\n" +
            internal::drawing_element(colour_scale_drawing("speaks little", "speaks most")) + "</div>\n";
  html += "<div class=\"cards\">\n" + cards.html() + "</div>\n";
  page.sections.push_back({o.photos_heading, html, css});
  return page;
}

}  // namespace brindle::report
