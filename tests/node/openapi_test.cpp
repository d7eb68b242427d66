// openapi.yaml against the program: every route with its role, and every object field by field. The file is read by its
// indentation; anything that this reader does not know is a failure here, not silence.
#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/node/fakes.h"
#include "tools/node/api.h"
#include "tools/node/api_json.h"
#include "tools/node/api_orders.h"

namespace earshot::node {
namespace {

using testing::ElementsAreArray;
using testing::IsEmpty;

struct Description {
  std::set<std::string> routes;                           // "GET /api/v1/status guest"
  std::map<std::string, std::vector<std::string>> fields;  // of a schema, in the file's order
  std::vector<std::string> used;                          // schemas that something refers to
};

Description description() {
  Description described;
  std::ifstream in(EARSHOT_SOURCE_DIR "/tools/node/openapi.yaml");
  static const std::regex path("  (/[^:]+):");
  static const std::regex method("    (get|post|put|delete|head):");
  static const std::regex role("      x-role: (.+)");
  static const std::regex schema("    ([a-z_]+):");
  static const std::regex field("        ([a-z_]+): .*");
  static const std::regex reference("#/components/schemas/([a-z_]+)");
  std::string line, current_path, current_method, current_schema;
  bool in_schemas = false;
  std::smatch found;
  while (std::getline(in, line)) {
    for (std::sregex_iterator it(line.begin(), line.end(), reference), end; it != end; ++it) described.used.push_back((*it)[1]);
    in_schemas |= line == "  schemas:";
    if (std::regex_match(line, found, path)) current_path = found[1];
    if (!in_schemas && std::regex_match(line, found, method)) current_method = found[1];
    if (std::regex_match(line, found, role)) {
      std::string verb = current_method;
      for (char& letter : verb) letter = static_cast<char>(std::toupper(letter));
      described.routes.insert(verb + " " + current_path + " " + found[1].str());
    }
    if (in_schemas && std::regex_match(line, found, schema)) {
      current_schema = found[1];
      described.fields[current_schema];
    }
    if (in_schemas && std::regex_match(line, found, field)) described.fields[current_schema].push_back(found[1]);
  }
  return described;
}

std::vector<std::string> fields_of(const std::string& text) {
  std::vector<std::string> fields;
  const auto object = nlohmann::ordered_json::parse(text);
  for (const auto& [name, value] : object.items()) fields.push_back(name);
  return fields;
}

TEST(OpenApi, HasEveryRouteAndItsRoleAndNoOther) {
  std::set<std::string> routes;
  for (const auto& [name, least] : Api::routes()) routes.insert(name + " " + std::string(to_string(least)));
  EXPECT_EQ(description().routes, routes);
}

TEST(OpenApi, EveryAnswerHasTheFieldsThatAreDescribed) {
  json::HitRow row;
  row.track.licence = row.track.publisher = "told";
  const std::map<std::string, std::string> answers = {
      {"status", json::status({})},
      {"peer", json::peer({})},
      {"share", json::share({})},
      {"hit", json::hit(row)},
      {"summary", json::summary({})},
      {"wish", json::wish({})},
      {"wish_hit", json::wish_hit(1, row)},
      {"scan_progress", json::scan_progress({})},
      {"scan_done", json::scan_done({})},
      {"index_progress", json::index_progress({})},
      {"index_done", json::index_done({})},
      {"import_progress", json::import_progress(1)},
      {"import_done", json::import_done(1, 0)},
      {"fetch_progress", json::fetch_progress({})},
      {"fetch_done", json::fetch_done({})},
      {"link", json::link("", 1s)},
      {"play", json::play({}, {}, {}, "")},
      {"radio", json::radio({}, "")},
      {"station", json::station({}, {})},
      {"publisher", json::publisher({}, "", "")},
      {"item", json::item({}, "")},
      {"playlist", json::playlist("m3u8", "")},
      {"user", json::user("ana", UserRole::kGuest)},
      {"session", json::session("", "owner")},
      {"upload", json::upload(1, {})},
      {"browse_done", json::browse_done(0, {})},
      {"done", json::done("join")},
      {"error", json::error({ErrorCode::kInvalid, ""})},
  };
  const auto described = description();
  for (const auto& [name, text] : answers) {
    ASSERT_TRUE(described.fields.contains(name)) << name;
    EXPECT_THAT(described.fields.at(name), ElementsAreArray(fields_of(text))) << name;
  }
  for (const auto& [name, fields] : described.fields) {
    const bool told = answers.contains(name) || name.ends_with("_order") || name == "content";
    EXPECT_TRUE(told) << name << " is described and never sent";
  }
}

TEST(OpenApi, EveryOrderTakesTheFieldsThatAreDescribedAndRefusesOthers) {
  const auto unknown = [](const auto& parse, const std::string& field) {
    const auto parsed = parse("{\"" + field + "\":[[]]}");
    return !parsed && parsed.error().what.find("unknown field") != std::string::npos;
  };
  const std::map<std::string, std::function<bool(const std::string&)>> orders = {
      {"search_order", [&](const auto& field) { return unknown(json::search_from, field); }},
      {"fetch_order", [&](const auto& field) { return unknown(json::fetch_from, field); }},
      {"share_order", [&](const auto& field) { return unknown(json::share_from, field); }},
      {"import_order", [&](const auto& field) { return unknown(json::import_from, field); }},
      {"index_order", [&](const auto& field) { return unknown(json::index_order_from, field); }},
      {"browse_order", [&](const auto& field) { return unknown(json::browse_from, field); }},
      {"join_order", [&](const auto& field) { return unknown(json::join_from, field); }},
      {"session_order", [&](const auto& field) { return unknown(json::session_from, field); }},
      {"wish_order", [&](const auto& field) { return unknown(json::wish_from, field); }},
      {"follow_order", [&](const auto& field) { return unknown(json::follow_from, field); }},
      {"about_order", [&](const auto& field) { return unknown(json::about_from, field); }},
      {"item_order", [&](const auto& field) { return unknown(json::item_from, field); }},
      {"playlist_order", [&](const auto& field) { return unknown(json::playlist_from, field); }},
      {"user_order", [&](const auto& field) { return unknown(json::user_from, field); }},
      {"upload_order", [&](const auto& field) { return unknown(json::upload_from, field); }},
  };
  const auto described = description();
  for (const auto& [name, is_unknown] : orders) {
    ASSERT_TRUE(described.fields.contains(name)) << name;
    for (const std::string& field : described.fields.at(name)) EXPECT_FALSE(is_unknown(field)) << name << " " << field;
    EXPECT_TRUE(is_unknown("colour")) << name;
  }
}

TEST(OpenApi, RefersToNothingThatIsNotThere) {
  const auto described = description();
  for (const std::string& name : described.used) EXPECT_TRUE(described.fields.contains(name)) << name;
}

}  // namespace
}  // namespace earshot::node
