// Temporary folders, drawn tracks, real rows.
#include "tests/index/fixtures.h"

#include <zstd.h>

#include <fstream>
#include <iterator>

#include "schema/check.h"

namespace earshot::index {

ContentId content(std::uint32_t number) {
  ContentId id;
  for (int i = 0; i < 4; ++i)
    id.digest[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return id;
}

Track track(std::uint32_t number, const std::string& drawn) {
  std::vector<std::string> fields;
  for (std::size_t begin = 0; begin <= drawn.size();) {
    const std::size_t end = std::min(drawn.find(" | ", begin), drawn.size());
    fields.push_back(drawn.substr(begin, end - begin));
    begin = end == drawn.size() ? end + 1 : end + 3;
  }
  fields.resize(5);
  Track made;
  made.content = content(number);
  made.title = fields[0];
  made.artist = fields[1];
  made.album = fields[2];
  made.genre = fields[3];
  made.year = static_cast<std::uint16_t>(fields[4].empty() ? 0 : std::stoi(fields[4]));
  return made;
}

std::filesystem::path shared_data(const std::string& file) {
  const auto path = std::filesystem::path(EARSHOT_SOURCE_DIR).parent_path() / "shared/data" / file;
  return std::filesystem::exists(path) ? path : std::filesystem::path();
}

std::string contents_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  EARSHOT_CHECK(in.good());
  const std::string raw{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (file.extension() != ".zst") return raw;
  const auto size = ZSTD_getFrameContentSize(raw.data(), raw.size());
  EARSHOT_CHECK(size != ZSTD_CONTENTSIZE_ERROR && size != ZSTD_CONTENTSIZE_UNKNOWN);
  std::string plain(size, '\0');
  EARSHOT_CHECK(ZSTD_decompress(plain.data(), plain.size(), raw.data(), raw.size()) == plain.size());
  return plain;
}

}  // namespace earshot::index
