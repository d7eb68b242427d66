// The [sweep] of a scenario file, from TOML. What it means stands in sweep.h.
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>

#include "sim/sweep.h"

namespace earshot::sim {

namespace {

class SweepReader {
 public:
  explicit SweepReader(const std::filesystem::path& path) : path_(path) {}

  Result<Sweep> read(const toml::node& node) {
    if (!node.is_table()) return complain(node, "sweep", "must be a table, [sweep]");
    if (auto ok = table(*node.as_table(), ""); !ok) return tl::unexpected(ok.error());
    // toml++ sorts keys; people expect the order of their file, which also numbers the points.
    std::stable_sort(axes_.begin(), axes_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [line, axis] : axes_) sweep_.axes.push_back(std::move(axis));
    return std::move(sweep_);
  }

 private:
  tl::unexpected<Error> complain(const toml::node& node, std::string_view key, std::string_view what) const {
    return fail(ErrorCode::kInvalid, "{}:{}: {}: {}", path_.string(), node.source().begin.line, key, what);
  }

  /// Keys may be quoted, "search.ttl" = [...], or nested, search.ttl = [...].
  Result<void> table(const toml::table& table_of_keys, const std::string& before) {
    for (const auto& [key, node] : table_of_keys) {
      const std::string name = before + std::string(key.str());
      Result<void> ok;
      if (name == "latin") {
        ok = latin(node);
      } else if (name == "until") {
        ok = until(node);
      } else if (node.is_array()) {
        ok = values(name, *node.as_array());
      } else if (node.is_table() && node.as_table()->contains("from")) {
        ok = range(name, *node.as_table());
      } else if (node.is_table()) {
        ok = table(*node.as_table(), name + ".");
      } else {
        ok = complain(node, "sweep." + name, "must be an array of values, or { from = A, to = B }");
      }
      if (!ok) return ok;
    }
    return {};
  }

  Result<void> latin(const toml::node& node) {
    const auto points = node.value_exact<std::int64_t>();
    if (!points || *points < 1 || *points > static_cast<std::int64_t>(kMostPoints)) {
      return complain(node, "sweep.latin", fmt::format("must be a number of points, 1..{}", kMostPoints));
    }
    sweep_.latin = static_cast<std::uint32_t>(*points);
    return {};
  }

  Result<void> until(const toml::node& node) {
    const auto rule = stop_rule_from(node.value_or(std::string_view()));
    if (!rule) return complain(node, "sweep.until", rule.error().what);
    sweep_.until = *rule;
    return {};
  }

  Result<void> values(const std::string& key, const toml::array& array) {
    SweepAxis axis{key, {}, {}};
    for (const toml::node& node : array) {
      const std::string text = written(node);
      if (text.empty()) return complain(node, "sweep." + key, "a value is a number, true, false or a text of one line");
      axis.values.push_back(text);
    }
    if (axis.values.empty()) return complain(array, "sweep." + key, "at least one value");
    axes_.emplace_back(array.source().begin.line, std::move(axis));
    return {};
  }

  Result<void> range(const std::string& key, const toml::table& given) {
    const auto from = given["from"].value<double>();
    const auto to = given["to"].value<double>();
    const std::int64_t steps = given["steps"].value_or(std::int64_t{0});
    for (const auto& [name, node] : given) {
      if (name.str() != "from" && name.str() != "to" && name.str() != "steps") {
        return complain(node, "sweep." + key, "a range has from, to and perhaps steps");
      }
    }
    if (!from || !to || *from >= *to) return complain(given, "sweep." + key, "a range goes up, { from = 0.0, to = 0.3 }");
    if (given.contains("steps") && (steps < 2 || steps > static_cast<std::int64_t>(kMostPoints))) {
      return complain(given, "sweep." + key, fmt::format("steps must be a whole number in 2..{}", kMostPoints));
    }
    SweepAxis axis{key, {}, {*from, *to, given["from"].is_integer() && given["to"].is_integer()}};
    for (std::int64_t i = 0; i < steps; ++i) {
      const double value = *from + (*to - *from) * static_cast<double>(i) / static_cast<double>(steps - 1);
      axis.values.push_back(axis.range.whole ? fmt::to_string(static_cast<std::int64_t>(value + 0.5)) : fmt::format("{:.6g}", value));
    }
    axes_.emplace_back(given.source().begin.line, std::move(axis));
    return {};
  }

  /// As an override says it; empty for what none can say. A text that TOML would take for something else is quoted.
  static std::string written(const toml::node& node) {
    if (const auto number = node.value_exact<std::int64_t>()) return fmt::to_string(*number);
    if (const auto number = node.value_exact<double>()) return fmt::format("{}", *number);
    if (const auto yes = node.value_exact<bool>()) return *yes ? "true" : "false";
    const auto text = node.value_exact<std::string>().value_or("");
    if (text.find_first_of("\t\r\n'") != std::string::npos) return "";
    const bool is_word = !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) != 0;
    const bool is_taken = text == "true" || text == "false" || text == "inf" || text == "nan";
    return text.empty() || (is_word && !is_taken) ? text : fmt::format("'{}'", text);
  }

  const std::filesystem::path& path_;
  Sweep sweep_;
  std::vector<std::pair<toml::source_index, SweepAxis>> axes_;
};

}  // namespace

Result<Sweep> parse_sweep(std::string_view text, const std::filesystem::path& path) {
  try {
    const toml::table root = toml::parse(text, path.string());
    const toml::node* node = root.get("sweep");
    if (node == nullptr) return Sweep{};
    return SweepReader(path).read(*node);
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::kInvalid, "{}:{}: {}", path.string(), error.source().begin.line, error.description());
  }
}

}  // namespace earshot::sim
