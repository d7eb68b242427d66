// Lines of JSON as all our programs write them: one object a line, its version and type first.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace earshot {

inline nlohmann::ordered_json line_of_type(std::string_view type) {
  return {{"v", 1}, {"type", type}};
}

/// Text from strangers was checked on the way in; should a byte be wrong all the same, it is replaced, not thrown about.
inline std::string written(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace earshot
