// $ref, anyOf, type, const, enum, pattern, minimum, required, properties, items.
#include "tests/cli/json_schema.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

namespace earshot::cli {

namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

Json read(const fs::path& file) {
  std::ifstream in(file);
  return Json::parse(in, nullptr, /*allow_exceptions=*/false);
}

bool has_type(const Json& value, const std::string& type) {
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "array") return value.is_array();
  return type == "object" && value.is_object();
}

bool has_one_type(const Json& value, const Json& types) {
  if (types.is_string()) return has_type(value, types);
  return std::any_of(types.begin(), types.end(), [&](const Json& type) { return has_type(value, type); });
}

std::string complaint(const Json& value, const Json& schema, const fs::path& folder);

std::string complaint_about_any(const Json& value, const Json& choices, const fs::path& folder) {
  std::string all;
  for (const Json& choice : choices) {
    const std::string one = complaint(value, choice, folder);
    if (one.empty()) return "";
    all += "\n  not " + choice.value("$ref", "this") + ": " + one;
  }
  return all;
}

std::string complaint_about_object(const Json& value, const Json& schema, const fs::path& folder) {
  for (const Json& name : schema.value("required", Json::array())) {
    if (!value.contains(name.get<std::string>())) return fmt::format("'{}' is missing", name.get<std::string>());
  }
  const Json described = schema.value("properties", Json::object());
  for (const auto& [name, member] : value.items()) {
    if (!described.contains(name)) {
      if (schema.value("additionalProperties", false)) continue;
      return fmt::format("'{}' is not described", name);
    }
    if (const std::string one = complaint(member, described[name], folder); !one.empty()) return name + ": " + one;
  }
  return "";
}

std::string complaint(const Json& value, const Json& schema, const fs::path& folder) {
  if (schema.contains("$ref")) {
    const auto reference = schema["$ref"].get<std::string>();
    const std::size_t hash = reference.find('#');
    const Json target = read(folder / reference.substr(0, hash)).at(Json::json_pointer(reference.substr(hash + 1)));
    return complaint(value, target, folder);
  }
  if (schema.contains("anyOf")) return complaint_about_any(value, schema["anyOf"], folder);
  if (schema.contains("const") && value != schema["const"]) return value.dump() + " is not " + schema["const"].dump();
  if (schema.contains("type") && !has_one_type(value, schema["type"]))
    return value.dump() + " is not of type " + schema["type"].dump();
  if (schema.contains("enum")) {
    const Json& choices = schema["enum"];
    if (std::find(choices.begin(), choices.end(), value) == choices.end())
      return value.dump() + " is none of " + choices.dump();
  }
  if (schema.contains("minimum") && value.is_number_integer() && value < schema["minimum"])
    return value.dump() + " is too small";
  if (schema.contains("pattern") &&
      !std::regex_search(value.get<std::string>(), std::regex(schema["pattern"].get<std::string>())))
    return value.dump() + " does not match";
  if (value.is_array() && schema.contains("items")) {
    for (const Json& element : value) {
      if (const std::string one = complaint(element, schema["items"], folder); !one.empty()) return one;
    }
  }
  return value.is_object() ? complaint_about_object(value, schema, folder) : "";
}

}  // namespace

std::string complaint_about(const std::string& line, const fs::path& file) {
  const Json schema = read(file);
  if (schema.is_discarded()) return "no schema in " + file.string();
  const Json value = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return "not JSON";
  return complaint(value, schema, file.parent_path());
}

}  // namespace earshot::cli
