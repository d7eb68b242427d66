// SVG by hand: a frame, ticks, a legend, and the series.
#include "sim/figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace earshot::sim {

namespace {

constexpr double kWidth = 560;
constexpr double kLeft = 62, kRight = 16, kBottom = 50, kPlotHeight = 270;
constexpr double kLegendLine = 19;
constexpr std::size_t kColours = 8;
constexpr double kLetter = 6.6;  // mean width at 12 px, a little generous

/// Maps values to pixels and knows its ticks.
class Scale {
 public:
  Scale(const FigureAxis& axis, double least, double most, double first_pixel, double last_pixel)
      : axis_(axis), first_(first_pixel), last_(last_pixel) {
    if (axis.kind == AxisKind::kNames) {
      least_ = -0.5;
      most_ = static_cast<double>(axis.names.size()) - 0.5;
    } else if (axis.kind == AxisKind::kLog) {
      if (!(least > 0) || !std::isfinite(most)) least = 1, most = 10;  // nothing that such an axis could show
      least_ = std::log10(least);
      most_ = std::log10(most);
      if (most_ - least_ < 1e-9) least_ -= 0.5, most_ += 0.5;
    } else {
      if (!std::isfinite(least) || !std::isfinite(most)) least = 0, most = 1;
      least_ = axis.from_zero ? std::min(0.0, least) : least;
      most_ = most;
      if (most_ - least_ < 1e-12) most_ = least_ + (least_ == 0 ? 1 : std::abs(least_) * 0.1);
    }
    if (axis.kind == AxisKind::kLinear) round_out();
  }

  double pixel(double value) const {
    if (axis_.kind == AxisKind::kLog) value = std::log10(std::max(value, 1e-300));
    const double share = std::clamp((value - least_) / (most_ - least_), -0.05, 1.05);
    return first_ + share * (last_ - first_);
  }

  struct Tick {
    double pixel;
    std::string label;
  };

  std::vector<Tick> ticks() const {
    std::vector<Tick> ticks;
    if (axis_.kind == AxisKind::kNames) {
      for (std::size_t i = 0; i < axis_.names.size(); ++i) ticks.push_back({pixel(static_cast<double>(i)), axis_.names[i]});
    } else if (axis_.kind == AxisKind::kLog) {
      const bool narrow = most_ - least_ < 2.2;
      for (int decade = static_cast<int>(std::floor(least_)); decade <= most_; ++decade) {
        for (const double step : {1.0, 2.0, 5.0}) {
          const double value = step * std::pow(10, decade);
          const double place = std::log10(value);
          if (place < least_ - 1e-9 || place > most_ + 1e-9 || (step != 1 && !narrow)) continue;
          ticks.push_back({pixel(value), label(value)});
        }
      }
    } else {
      for (double value = std::ceil(least_ / step_ - 1e-9) * step_; value <= most_ + step_ * 1e-6; value += step_) {
        ticks.push_back({pixel(value), label(std::abs(value) < step_ * 1e-6 ? 0 : value)});
      }
    }
    return ticks;
  }

 private:
  /// Steps of 1, 2 or 5 times a power of ten, some five of them, and ends that fall on one.
  void round_out() {
    const double wanted = (most_ - least_) / 5;
    const double power = std::pow(10, std::floor(std::log10(wanted)));
    step_ = power * (wanted / power <= 1.5 ? 1 : wanted / power <= 3.5 ? 2 : wanted / power <= 7.5 ? 5 : 10);
    least_ = std::floor(least_ / step_ + 1e-9) * step_;
    most_ = std::ceil(most_ / step_ - 1e-9) * step_;
  }

  std::string label(double value) const { return axis_.percent ? short_number(value * 100) + " %" : short_number(value); }

  const FigureAxis& axis_;
  double least_ = 0, most_ = 1, step_ = 1;
  double first_, last_;
};

struct Bounds {
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();
  void take(double value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
};

/// Draws one figure.
class Drawing {
 public:
  explicit Drawing(const Figure& figure) : figure_(figure) {
    legend();
    top_ = 34 + static_cast<double>(legend_lines_) * kLegendLine;
    height_ = top_ + kPlotHeight + kBottom;
  }

  std::string body() {
    Bounds x, y;
    for (const FigureSeries& series : figure_.series) {
      for (const FigurePoint& point : series.points) {
        x.take(point.x);
        const double low = point.y - point.half_width;
        y.take(figure_.y.kind == AxisKind::kLog && low <= 0 ? point.y : low);
        y.take(point.y + point.half_width);
      }
    }
    if (figure_.y.percent) y.most = std::min(y.most, 1.0), y.least = std::max(y.least, 0.0);
    const Scale across(figure_.x, x.least, x.most, kLeft + 8, kWidth - kRight - 8);
    const Scale up(figure_.y, y.least, y.most, top_ + kPlotHeight, top_);
    text_ += fmt::format("<text class=\"title\" x=\"{:.0f}\" y=\"16\">{}</text>\n", kLeft - 46, escaped(figure_.title));
    text_ += legend_;
    frame(across, up);
    for (std::size_t i = 0; i < figure_.series.size(); ++i) draw(i, across, up);
    return text_;
  }

  double height() const { return height_; }

 private:
  /// "c3" for the fourth colour; shades are a colour given in place.
  static std::string colour(const FigureSeries& series, std::size_t index) {
    if (series.shade >= 0) return fmt::format("style=\"--c:var(--s{})\"", std::clamp(static_cast<int>(series.shade * 5 + 0.5), 0, 5));
    return fmt::format("style=\"--c:var(--c{})\"", index % kColours);
  }

  static std::string marker(std::size_t index, double x, double y, const std::string& told) {
    const std::string title = told.empty() ? "" : fmt::format("<title>{}</title>", escaped(told));
    switch (index % 4) {
      case 0: return fmt::format("<circle class=\"dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.6\">{}</circle>", x, y, title);
      case 1: return fmt::format("<rect class=\"dot\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"6.6\" height=\"6.6\">{}</rect>", x - 3.3, y - 3.3, title);
      case 2:
        return fmt::format("<path class=\"dot\" d=\"M{:.1f} {:.1f}l4.3 7.4h-8.6z\">{}</path>", x, y - 4.8, title);
      default:
        return fmt::format("<path class=\"dot\" d=\"M{:.1f} {:.1f}l4.5 4.5l-4.5 4.5l-4.5 -4.5z\">{}</path>", x, y - 4.5, title);
    }
  }

  void legend() {
    double x = kLeft - 46;
    double y = 36;
    std::size_t named = 0;
    for (const FigureSeries& series : figure_.series) named += series.name.empty() ? 0 : 1;
    if (named == 0) return;
    legend_lines_ = 1;
    for (std::size_t i = 0; i < figure_.series.size(); ++i) {
      const FigureSeries& series = figure_.series[i];
      if (series.name.empty()) continue;
      const double width = 30 + kLetter * static_cast<double>(series.name.size());
      if (x > kLeft && x + width > kWidth - kRight) {
        x = kLeft - 46;
        y += kLegendLine;
        ++legend_lines_;
      }
      legend_ += fmt::format("<g {}>", colour(series, i));
      if (series.drawn != Drawn::kPoints) legend_ += fmt::format("<path class=\"line\" d=\"M{:.1f} {:.1f}h18\"/>", x, y - 4);
      if (series.drawn != Drawn::kSteps) legend_ += marker(i, x + 9, y - 4, "");
      legend_ += fmt::format("<text class=\"key\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text></g>\n", x + 23, y, escaped(series.name));
      x += width;
    }
  }

  void frame(const Scale& across, const Scale& up) {
    const double right = kWidth - kRight;
    const double bottom = top_ + kPlotHeight;
    for (const auto& tick : up.ticks()) {
      text_ += fmt::format("<path class=\"grid\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>", kLeft, tick.pixel, right);
      text_ += fmt::format("<text class=\"tick\" text-anchor=\"end\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", kLeft - 7, tick.pixel + 4,
                           escaped(tick.label));
    }
    double free_from = 0;  // labels that would touch their neighbour are left out
    for (const auto& tick : across.ticks()) {
      text_ += fmt::format("<path class=\"axis\" d=\"M{:.1f} {:.1f}v5\"/>", tick.pixel, bottom);
      const double half = kLetter / 2 * static_cast<double>(tick.label.size());
      if (tick.pixel - half < free_from) continue;
      free_from = tick.pixel + half + 4;
      text_ += fmt::format("<text class=\"tick\" text-anchor=\"middle\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", tick.pixel, bottom + 18,
                           escaped(tick.label));
    }
    text_ += fmt::format("<path class=\"axis\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>", kLeft, bottom, right);
    text_ += fmt::format("<text class=\"label\" text-anchor=\"middle\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", (kLeft + right) / 2, bottom + 40,
                         escaped(figure_.x.label));
    text_ += fmt::format("<text class=\"label\" text-anchor=\"middle\" transform=\"translate(14 {:.1f}) rotate(-90)\">{}</text>\n",
                         top_ + kPlotHeight / 2, escaped(figure_.y.label));
  }

  void draw(std::size_t index, const Scale& across, const Scale& up) {
    const FigureSeries& series = figure_.series[index];
    if (series.points.empty()) return;
    text_ += fmt::format("<g {}>\n", colour(series, index));
    if (series.drawn == Drawn::kLine && figure_.x.kind != AxisKind::kNames) ribbon(series, across, up);
    if (series.drawn != Drawn::kPoints) curve(series, across, up);
    if (series.drawn != Drawn::kSteps) points(index, across, up);
    text_ += "</g>\n";
  }

  /// An end of an interval; a share is never above all or below nothing.
  double bound(double value) const { return figure_.y.percent ? std::clamp(value, 0.0, 1.0) : value; }

  void ribbon(const FigureSeries& series, const Scale& across, const Scale& up) {
    if (std::all_of(series.points.begin(), series.points.end(), [](const auto& point) { return point.half_width == 0; })) return;
    std::string path = "M";
    for (const FigurePoint& point : series.points) path += fmt::format("{:.1f} {:.1f} ", across.pixel(point.x), up.pixel(bound(point.y + point.half_width)));
    for (auto point = series.points.rbegin(); point != series.points.rend(); ++point) {
      path += fmt::format("L{:.1f} {:.1f} ", across.pixel(point->x), up.pixel(bound(point->y - point->half_width)));
    }
    text_ += fmt::format("<path class=\"ribbon\" d=\"{}z\"/>", path);
  }

  void curve(const FigureSeries& series, const Scale& across, const Scale& up) {
    std::string path;
    for (const FigurePoint& point : series.points) {
      const double x = across.pixel(point.x);
      const double y = up.pixel(point.y);
      if (series.drawn == Drawn::kSteps && !path.empty()) {
        path += fmt::format("H{:.1f}V{:.1f}", x, y);
      } else {
        path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x, y);
      }
    }
    text_ += fmt::format("<path class=\"line\" d=\"{}\"/>\n", path);
  }

  void points(std::size_t index, const Scale& across, const Scale& up) {
    const FigureSeries& series = figure_.series[index];
    // Side by side on an axis of names, so that intervals do not hide each other.
    const double aside = figure_.x.kind == AxisKind::kNames && figure_.series.size() > 1
                             ? (static_cast<double>(index) - static_cast<double>(figure_.series.size() - 1) / 2) * 9 : 0;
    for (const FigurePoint& point : series.points) {
      const double x = across.pixel(point.x) + aside;
      const double y = up.pixel(point.y);
      if (point.half_width > 0) {
        const double low = up.pixel(bound(point.y - point.half_width));
        const double high = up.pixel(bound(point.y + point.half_width));
        text_ += fmt::format("<path class=\"whisker\" d=\"M{0:.1f} {1:.1f}V{2:.1f}M{3:.1f} {1:.1f}h6M{3:.1f} {2:.1f}h6\"/>", x, low, high, x - 3);
      }
      const double times = figure_.y.percent ? 100 : 1;
      const std::string unit = figure_.y.percent ? " %" : "";
      const std::string where = figure_.x.kind == AxisKind::kNames ? figure_.x.names[static_cast<std::size_t>(point.x)] : short_number(point.x);
      text_ += marker(index, x, y, fmt::format("{}{}{}: {} ± {}{}", series.name, series.name.empty() ? "" : ", ", where,
                                               short_number(point.y * times), short_number(point.half_width * times), unit));
    }
    text_ += '\n';
  }

  const Figure& figure_;
  std::string legend_;
  std::size_t legend_lines_ = 0;
  double top_ = 0, height_ = 0;
  std::string text_;
};

}  // namespace

std::string svg_of(const Figure& figure, bool alone) {
  Drawing drawing(figure);
  return svg_frame(drawing.body(), kWidth, drawing.height(), figure.title, alone);
}

std::string svg_frame(const std::string& body, double width, double height, const std::string& title, bool alone) {
  std::string text = "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\"";
  if (alone) text += fmt::format(" width=\"{:.0f}\" height=\"{:.0f}\"", width, height);
  text += fmt::format(" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n", width, height, escaped(title));
  if (alone) {
    text += fmt::format("<style>svg{{{}}}\n{}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"var(--paper)\"/>\n",
                        figure_colours(/*dark=*/false), figure_style());
  }
  return text + body + "</svg>\n";
}

std::string figure_colours(bool dark) {
  // Okabe and Ito's eight, told apart by the colour-blind, darker on white and lighter on black where they need it; and six shades
  // from light to dark (from dark to light on black) for what is ordered.
  static constexpr std::array<std::string_view, 14> kLight{"#0072b2", "#d55e00", "#009e73", "#a3539b", "#b98600", "#3a9bdc", "#7a5c3e", "#555b66",
                                                           "#9fc3e0", "#7aa9d2", "#568ec1", "#3872ab", "#1f568f", "#0a3a70"};
  static constexpr std::array<std::string_view, 14> kDark{"#4aa8e0", "#f2894a", "#3cc49a", "#d58fce", "#e6b94c", "#8fcaf5", "#c3a27f", "#a9b0bd",
                                                          "#2f5f8f", "#3f79b0", "#5693cb", "#77ade0", "#9fc8f0", "#cfe4fa"};
  const auto& colours = dark ? kDark : kLight;
  std::string text = dark ? "--paper:#16191e;--ink:#e8eaee;--muted:#a2a9b5;--grid:#2c323b;--axis:#5b6472;"
                          : "--paper:#ffffff;--ink:#1b1f26;--muted:#5a6270;--grid:#e6e9ee;--axis:#98a1b0;";
  for (std::size_t i = 0; i < colours.size(); ++i) text += fmt::format("--{}{}:{};", i < kColours ? 'c' : 's', i < kColours ? i : i - kColours, colours[i]);
  return text;
}

std::string figure_style() {
  return ".figure{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:var(--ink)}\n"
         ".figure .title{font-size:14px;font-weight:600}.figure .tick,.figure .label,.figure .key{font-size:12px}\n"
         ".figure .tick,.figure .label{fill:var(--muted)}.figure .grid{stroke:var(--grid);fill:none}\n"
         ".figure .axis{stroke:var(--axis);fill:none}.figure .line{stroke:var(--c);stroke-width:2;fill:none;stroke-linejoin:round}\n"
         ".figure .ribbon{fill:var(--c);opacity:.16}.figure .whisker{stroke:var(--c);stroke-width:1.4;fill:none}\n"
         ".figure .dot{fill:var(--c);stroke:var(--paper);stroke-width:1}\n"
         ".figure .link{stroke:var(--axis);stroke-opacity:.45;fill:none}\n";
}

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      default: safe += c;
    }
  }
  return safe;
}

std::string short_number(double value) {
  const double size = std::abs(value);
  if (size >= 1e9) return fmt::format("{:.3g}G", value / 1e9);
  if (size >= 1e6) return fmt::format("{:.3g}M", value / 1e6);
  if (size >= 1e4) return fmt::format("{:.3g}k", value / 1e3);
  if (size >= 1000) return fmt::format("{:.0f}", value);
  return fmt::format("{:.3g}", value);
}

}  // namespace earshot::sim
