// Exchanges written down byte by byte: fixtures/NAME.txt, lines of "< hex" (to us) and "> hex" (from us), "#" for comments.
// A word that begins with "$" stands for bytes that the test knows.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "schema/bytes.h"

namespace earshot::stream::ppspp {

struct Line {
  bool to_us = false;
  std::string words;  // hexadecimal, without spaces; "$" words as they are

  std::string hex(const std::map<std::string, std::string>& known) const {
    std::string text = words;
    for (const auto& [word, bytes] : known) {
      for (auto at = text.find(word); at != std::string::npos; at = text.find(word)) text.replace(at, word.size(), bytes);
    }
    return text;
  }
};

inline std::vector<Line> fixture(const std::string& name) {
  std::ifstream in(std::filesystem::path(EARSHOT_SOURCE_DIR) / "tests/stream/fixtures" / (name + ".txt"));
  std::vector<Line> lines;
  for (std::string text; std::getline(in, text);) {
    if (text.empty() || text[0] == '#') continue;
    Line line{text[0] == '<', {}};
    std::istringstream words(text.substr(1));
    for (std::string word; words >> word;) line.words += word;
    lines.push_back(std::move(line));
  }
  return lines;
}

inline Bytes bytes_of(const std::string& hex) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

}  // namespace earshot::stream::ppspp
