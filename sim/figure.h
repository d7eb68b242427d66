// Figures as SVG: curves and points with their intervals, on linear, logarithmic and named axes. They stand alone in a paper (black
// on white, shapes as well as colours, so that a grey print tells them apart) and in a page, whose style sheet they follow.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace earshot::sim {

enum class AxisKind : std::uint8_t { kLinear, kLog, kNames };

struct FigureAxis {
  std::string label;
  AxisKind kind = AxisKind::kLinear;
  bool percent = false;             // values are shares: 0.5 reads 50 %
  bool from_zero = false;           // a linear axis that shows 0
  std::vector<std::string> names = {};  // kNames: value i stands for names[i]
};

struct FigurePoint {
  double x = 0;
  double y = 0;
  double half_width = 0;            // of the interval around y
};

enum class Drawn : std::uint8_t { kLine, kPoints, kSteps };

struct FigureSeries {
  std::string name;                 // empty: not in the legend
  std::vector<FigurePoint> points;  // by x, but for kPoints
  Drawn drawn = Drawn::kLine;
  double shade = -1;                // 0..1: a place on a scale from light to dark; below 0: a colour of its own
};

struct Figure {
  std::string file;                 // name of the file, without ".svg"
  std::string title;
  std::string caption;              // one sentence; in the page only
  FigureAxis x, y;
  std::vector<FigureSeries> series;
};

/// `alone`: a whole SVG file with its own style; else for a page that has figure_style().
std::string svg_of(const Figure& figure, bool alone);

/// What both kinds of drawing stand in.
std::string svg_frame(const std::string& body, double width, double height, const std::string& title, bool alone);

/// Colours of a figure as CSS variables, for light and, inside a page, for dark.
std::string figure_colours(bool dark);
/// Rules for what figures are made of.
std::string figure_style();

/// For texts between tags and in attributes.
std::string escaped(std::string_view text);

/// 1,234,567 as 1.23M, 0.00123 as 0.00123: short, for tick labels and tables.
std::string short_number(double value);

}  // namespace earshot::sim
