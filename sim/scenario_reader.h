// One table of a scenario file: typed reading with bounds, and errors that name file, line and key. For scenario.cpp and
// swarm_scenario.cpp: these files are the ones that include toml++.
#pragma once

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/result.h"
#include "schema/time.h"
#include "sim/duration_law.h"
#include "sim/fixed_math.h"
#include "sim/network.h"
#include "sim/scenario.h"

namespace earshot::sim {

inline std::string place(const toml::node& node) {
  const auto& source = node.source();
  const std::string file = source.path ? *source.path : std::string("scenario");
  // A value given on the command line has a name instead of a line.
  return file.starts_with("--") ? file : fmt::format("{}:{}", file, source.begin.line);
}

inline std::string_view type_name(toml::node_type type) {
  switch (type) {
    case toml::node_type::none: return "nothing";
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number";
    case toml::node_type::boolean: return "true or false";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return "a date";
  }
  return "something";
}

/// One table of the file. Each reading call names a key, its bounds and where its value goes; finish() then complains about
/// keys that nobody named. The first error stays.
class Reader {
 public:
  Reader(const toml::table& table, std::string name, std::optional<Error>& error)
      : table_(table), name_(std::move(name)), error_(error) {}

  template <class T>
  void whole(std::string_view key, T& value, std::int64_t least, std::int64_t most) {
    if (const auto number = integer(key, least, most)) value = static_cast<T>(*number);
  }

  /// A duration in the unit that the key ends in: _ms or _s.
  void duration(std::string_view key, Duration& value, std::int64_t least, std::int64_t most) {
    const Duration unit = key.ends_with("_ms") ? Duration(1ms) : Duration(1s);
    if (const auto number = integer(key, least, most)) value = *number * unit;
  }

  /// A share between 0 and 1, kept in millionths.
  void share(std::string_view key, std::uint32_t& per_million) {
    if (const auto number = decimal(key, 0, 1)) per_million = static_cast<std::uint32_t>(std::llround(*number * 1e6));
  }

  void fixed(std::string_view key, Fixed& value, double least, double most) {
    if (const auto number = decimal(key, least, most)) value = fixed_from(*number);
  }

  template <class T>
  void choice(std::string_view key, T& value, std::span<const std::pair<std::string_view, T>> choices) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto text = node->value_exact<std::string>();
    if (!text) return wrong_type(*node, key, "a text");
    for (const auto& [word, meaning] : choices) {
      if (word == *text) {
        value = meaning;
        return;
      }
    }
    std::string words;
    for (const auto& [word, meaning] : choices) words += fmt::format("{}{}", words.empty() ? "" : ", ", word);
    complain(*node, key, fmt::format("\"{}\" is not one of {}", *text, words));
  }

  void flag(std::string_view key, bool& value) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto read = node->value_exact<bool>();
    if (!read) return wrong_type(*node, key, "true or false");
    value = *read;
  }

  void text(std::string_view key, std::string& value) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto read = node->value_exact<std::string>();
    if (!read) return wrong_type(*node, key, "a text");
    value = *read;
  }

  /// A table in this one.
  template <class Read>
  void within(std::string_view key, Read&& read) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    if (!node->is_table()) return wrong_type(*node, key, "a table");
    Reader inner(*node->as_table(), fmt::format("{}.{}", name_, key), error_);
    read(inner);
    inner.finish();
  }

  /// Letters, digits, '-' and '_': safe in a file name, a CSV cell and JSON.
  void name(std::string_view key, std::string& value) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto text = node->value_exact<std::string>();
    if (!text) return wrong_type(*node, key, "a text");
    const auto allowed = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    if (text->empty() || text->size() > 64 || !std::all_of(text->begin(), text->end(), allowed)) {
      return complain(*node, key, "a name has 1 to 64 letters, digits, '-' or '_'");
    }
    value = *text;
  }

  void path(std::string_view key, std::filesystem::path& value, const std::filesystem::path& beside) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto text = node->value_exact<std::string>();
    if (!text) return wrong_type(*node, key, "a text");
    value = beside.parent_path() / *text;  // an absolute path replaces what stands before it
  }

  const toml::node* find(std::string_view key) {
    keys_.emplace_back(key);
    return table_.get(key);
  }

  bool has(std::string_view key) const { return table_.contains(key); }

  void finish() {
    for (const auto& [key, node] : table_) {
      if (std::find(keys_.begin(), keys_.end(), key.str()) != keys_.end()) continue;
      std::string allowed;
      for (const std::string& one : keys_) allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", one);
      complain(node, key.str(), fmt::format("there is no such key; allowed here: {}", allowed));
    }
  }

  void complain(const toml::node& node, std::string_view key, std::string_view what) {
    complain_at(place(node), key, what);
  }
  /// About the table as a whole.
  void complain(std::string_view what) { complain_at(place(table_), "", what); }

 private:
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most) {
    const toml::node* node = find(key);
    if (node == nullptr) return std::nullopt;
    const auto number = node->value_exact<std::int64_t>();
    if (!number) {
      wrong_type(*node, key, "a whole number");
    } else if (*number < least || *number > most) {
      complain(*node, key, fmt::format("{} is not in {}..{}", *number, least, most));
    } else {
      return number;
    }
    return std::nullopt;
  }

  std::optional<double> decimal(std::string_view key, double least, double most) {
    const toml::node* node = find(key);
    if (node == nullptr) return std::nullopt;
    const auto number = node->is_number() ? node->value<double>() : std::nullopt;
    if (!number) {
      wrong_type(*node, key, "a number");
    } else if (!(*number >= least && *number <= most)) {
      complain(*node, key, fmt::format("{} is not in {}..{}", *number, least, most));
    } else {
      return number;
    }
    return std::nullopt;
  }

  void wrong_type(const toml::node& node, std::string_view key, std::string_view wanted) {
    complain(node, key, fmt::format("must be {}, not {}", wanted, type_name(node.type())));
  }

  void complain_at(const std::string& where, std::string_view key, std::string_view what) {
    if (error_) return;
    const std::string full = name_.empty() ? std::string(key) : key.empty() ? name_ : fmt::format("{}.{}", name_, key);
    error_ = Error{ErrorCode::kInvalid, fmt::format("{}: {}{}{}", where, full, full.empty() ? "" : ": ", what)};
  }

  const toml::table& table_;
  std::string name_;
  std::optional<Error>& error_;
  std::vector<std::string> keys_;
};

// Sections that scenarios of both kinds have; in scenario.cpp. `path`: the scenario's, for files that it names.

void read_network(Reader& in, NetworkSettings& network, const std::filesystem::path& path);
void read_duration_law(Reader& in, DurationSettings& law, const std::filesystem::path& path);

/// The file with the overrides in it. Errors: kInvalid, as parse_scenario.
Result<toml::table> read_table(std::string_view text, const std::filesystem::path& path, const std::vector<Override>& overrides);

}  // namespace earshot::sim
