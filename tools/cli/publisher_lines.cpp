// Read and written.
#include "tools/cli/publisher_lines.h"

#include <nlohmann/json.hpp>

#include "tools/cli/json_fields.h"
#include "tools/cli/replies.h"

namespace earshot::cli {

using nlohmann::ordered_json;

namespace {

std::string of_texts(std::initializer_list<std::pair<const char*, const std::string*>> texts, ordered_json value = ordered_json::object()) {
  for (const auto& [field, it] : texts) {
    if (!it->empty()) value[field] = *it;
  }
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

PublisherLine publisher_from(std::string_view line) {
  const ordered_json value = parsed(line);
  PublisherLine row{text(value, "key"), text(value, "name"), text(value, "text"), text(value, "licence"), text(value, "feed")};
  row.items = number(value, "items");
  row.held = number(value, "held");
  row.holders = number(value, "holders");
  row.version = number(value, "version");
  row.mine = yes(value, "mine");
  row.mirror = yes(value, "mirror");
  return row;
}

ItemLine item_from(std::string_view line) {
  const ordered_json value = parsed(line);
  return {text(value, "content"), text(value, "kind"),          text(value, "title"),        text(value, "licence"),
          text(value, "stream"),  number(value, "published"), number(value, "duration_ms"), number(value, "size_bytes")};
}

std::string playlist_from(std::string_view line) { return text(parsed(line), "text"); }

std::string follow_body(const std::string& key, bool mirror) {
  ordered_json value = ordered_json::object();
  value["mirror"] = mirror;
  return of_texts({{"key", &key}}, std::move(value));
}

std::string about_body(const AboutOrder& about) {
  return of_texts({{"name", &about.name},
                   {"text", &about.text},
                   {"language", &about.language},
                   {"licence", &about.licence},
                   {"link", &about.link},
                   {"guid", &about.guid},
                   {"art", &about.art}});
}

std::string item_body(const ItemOrder& item) {
  ordered_json value = ordered_json::object();
  if (item.published > 0) value["published"] = item.published;
  return of_texts({{"file", &item.file},
                   {"kind", &item.kind},
                   {"title", &item.title},
                   {"text", &item.text},
                   {"licence", &item.licence},
                   {"guid", &item.guid},
                   {"stream", &item.stream},
                   {"art", &item.art}},
                  std::move(value));
}

std::string playlist_body(const std::string& format, const std::vector<std::string>& hits) {
  ordered_json value = {{"format", format}, {"tracks", ordered_json::array()}};
  for (const std::string& line : hits) {
    const HitLine hit = hit_from(line);
    if (hit.size_bytes == 0) continue;  // only described: nothing would sound
    value["tracks"].push_back({{"content", hit.content},
                               {"title", hit.title},
                               {"artist", hit.artist},
                               {"album", hit.album},
                               {"duration_ms", hit.duration_ms}});
  }
  return of_texts({}, std::move(value));
}

}  // namespace earshot::cli
