// Fields of what a node says, read forgivingly: one that is absent or of another type is empty, 0 or false.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace earshot::cli {

/// The object of a line; an empty one where there is none.
inline nlohmann::ordered_json parsed(std::string_view line) {
  auto value = nlohmann::ordered_json::parse(line, nullptr, /*allow_exceptions=*/false);
  return value.is_object() ? value : nlohmann::ordered_json::object();
}

inline std::string text(const nlohmann::ordered_json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

inline std::uint64_t number(const nlohmann::ordered_json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

inline bool yes(const nlohmann::ordered_json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace earshot::cli
