// Our own lines, written.
#include "tools/cli/own_lines.h"

#include <nlohmann/json.hpp>

#include "tools/node/json_line.h"

namespace earshot::cli {

using nlohmann::ordered_json;

namespace {

// A value as the file would hold it.
ordered_json value_of(const node::Setting& setting, const node::Decided& decided) {
  if (setting.shape == node::Shape::kList) return decided.texts;
  const std::string& text = decided.texts.front();
  if (setting.shape == node::Shape::kSwitch) return text == "true";
  if (setting.shape == node::Shape::kNumber) return std::stoull(text);
  return text;
}

}  // namespace

std::string_view name_of(node::Origin origin) {
  switch (origin) {
    case node::Origin::kDefault:
      return "default";
    case node::Origin::kFile:
      return "file";
    case node::Origin::kEnvironment:
      return "environment";
    case node::Origin::kFlag:
      return "flag";
  }
  return "";
}

std::string setting_line(const node::Setting& setting, const node::Decided& decided) {
  ordered_json value = line_of_type("setting");
  value["key"] = setting.key;
  value["value"] = value_of(setting, decided);
  value["origin"] = name_of(decided.origin);
  value["place"] = decided.place;
  return written(value);
}

std::string path_line(std::string_view what, const std::filesystem::path& path) {
  ordered_json value = line_of_type("path");
  value["what"] = what;
  value["path"] = path.string();
  return written(value);
}

std::string finding_line(const Finding& finding) {
  ordered_json value = line_of_type("finding");
  value["check"] = finding.check;
  value["level"] = name_of(finding.level);
  value["what"] = finding.what;
  value["remedy"] = finding.remedy;
  return written(value);
}

std::string text_line(std::string_view name, std::string_view text) {
  ordered_json value = line_of_type("text");
  value["name"] = name;
  value["text"] = text;
  return written(value);
}

std::string up_line(std::string_view self, std::int64_t pid, bool was_running, std::string_view page) {
  ordered_json value = line_of_type("up");
  value["self"] = self;
  value["pid"] = pid;
  value["was_running"] = was_running;
  value["page"] = page;
  return written(value);
}

std::string down_line(bool was_running) {
  ordered_json value = line_of_type("down");
  value["was_running"] = was_running;
  return written(value);
}

}  // namespace earshot::cli
