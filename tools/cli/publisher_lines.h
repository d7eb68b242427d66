// What the API says of publishers, read, and what it is asked, written. nlohmann::json stays inside publisher_lines.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace earshot::cli {

struct PublisherLine {
  std::string key, name, text, licence, feed;
  std::uint64_t items = 0, held = 0, holders = 0, version = 0;
  bool mine = false, mirror = false;
};

struct ItemLine {
  std::string content, kind, title, licence, stream;
  std::uint64_t published = 0, duration_ms = 0, size_bytes = 0;
};

PublisherLine publisher_from(std::string_view line);
ItemLine item_from(std::string_view line);
/// The text of a playlist.
std::string playlist_from(std::string_view line);

std::string follow_body(const std::string& key, bool mirror);

/// Texts that are empty are left out.
struct AboutOrder {
  std::string name, text, language, licence, link, guid, art;
};
std::string about_body(const AboutOrder& about);

struct ItemOrder {
  std::string file, kind, title, text, licence, guid, stream, art;
  std::uint64_t published = 0;
};
std::string item_body(const ItemOrder& item);

/// `hits`: lines of a search.
std::string playlist_body(const std::string& format, const std::vector<std::string>& hits);

}  // namespace earshot::cli
