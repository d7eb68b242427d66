// First the tags, then the folder.
#include "tools/node/covers.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string_view>

#include "tools/node/beneath.h"
#include "tools/node/media_type.h"

namespace earshot::node {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 6> kNames = {"cover", "Cover", "folder", "Folder", "front", "Front"};
constexpr std::array<std::string_view, 4> kPictures = {".jpg", ".jpeg", ".png", ".webp"};

std::optional<std::string> picture_in(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || status.st_size <= 0 || status.st_size > static_cast<off_t>(kMaxArt)) return std::nullopt;
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  const ssize_t got = ::pread(descriptor, bytes.data(), bytes.size(), 0);
  if (got != static_cast<ssize_t>(bytes.size()) || !is_picture(as_bytes(bytes))) return std::nullopt;
  return bytes;
}

std::optional<std::string> picture_beside(const Scanner::Place& place) {
  for (const std::string_view name : kNames) {
    for (const std::string_view ending : kPictures) {
      const fs::path file = place.file.parent_path() / (std::string(name) + std::string(ending));
      const auto opened = open_beneath(place.root, file);
      if (!opened) continue;
      if (auto picture = picture_in(opened->number())) return picture;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> Covers::cover_of(const ContentId& content) {
  const auto place = scanner_.place_of(content);
  if (!place) return fail(ErrorCode::kNotFound, "this node does not share {}", to_string(content));
  const auto file = open_beneath(place->root, place->file);
  if (!file) return tl::unexpected(file.error());
  if (auto art = child_.art(file->number(), place->file)) return art;
  if (auto picture = picture_beside(*place)) return std::move(*picture);
  return fail(ErrorCode::kNotFound, "no picture is in the file or beside it");
}

}  // namespace earshot::node
