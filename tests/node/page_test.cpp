// The page's files as the program carries them: complete, safe to run, and built from the sources beside them.
#include "tools/node/page.h"

#include <gmock/gmock.h>
#include <sodium.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "schema/bytes.h"

namespace earshot::node {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

std::string read_all(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string sha256(std::string_view text) {
  std::array<std::uint8_t, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), as_bytes(text).data(), text.size());
  return to_hex(digest);
}

std::string page_text(const PageFile& file) {
  return {file.bytes.begin(), file.bytes.end()};
}

TEST(Page, ServesItselfAndWhatItAsksFor) {
  const PageFile* page = page_file("/");
  ASSERT_NE(page, nullptr);
  EXPECT_EQ(page_files().front().path, "/");
  const std::string text = page_text(*page);
  static const std::regex link(R"re((?:src|href)="(/[^"]+)")re");
  std::size_t links = 0;
  for (std::sregex_iterator it(text.begin(), text.end(), link), end; it != end; ++it, ++links) {
    EXPECT_NE(page_file((*it)[1].str()), nullptr) << (*it)[1];
  }
  EXPECT_GE(links, 4u);
}

TEST(Page, NamesNoOtherHostAndHasNoInlineScript) {
  const std::string text = page_text(*page_file("/"));
  EXPECT_THAT(text, Not(HasSubstr("//")));
  EXPECT_THAT(text, Not(HasSubstr("<style")));
  static const std::regex inline_script(R"(<script(?![^>]*\bsrc=)[^>]*>)");
  EXPECT_FALSE(std::regex_search(text, inline_script));
}

TEST(Page, IsNeitherFramedNorSniffedNorKeptTooLong) {
  for (const PageFile& file : page_files()) {
    const std::string fields = page_fields(file);
    EXPECT_THAT(fields, HasSubstr("frame-ancestors 'none'")) << file.path;
    EXPECT_THAT(fields, HasSubstr("default-src 'none'")) << file.path;
    EXPECT_THAT(fields, Not(HasSubstr("unsafe"))) << file.path;
    EXPECT_EQ(fields.find("immutable") != std::string::npos, file.path.starts_with("/assets/")) << file.path;
    EXPECT_FALSE(file.type.empty()) << file.path;
  }
}

TEST(Page, KnowsOnlyItsOwnFiles) {
  for (const char* path : {"", "/index.html.gz", "/..", "//", "/assets/", "/sources.sha256", "/api/v1/status"}) {
    EXPECT_EQ(page_file(path), nullptr) << path;
  }
}

TEST(Page, IsSmall) {
  std::size_t bytes = 0;
  for (const PageFile& file : page_files()) bytes += file.bytes.size();
  EXPECT_LT(bytes, 150'000u);
}

// tools/web/scripts/stamp.mjs writes the same digest when the page is built.
TEST(Page, IsBuiltFromTheSourcesBesideIt) {
  const fs::path web = fs::path(EARSHOT_SOURCE_DIR) / "tools/web";
  std::vector<std::string> paths;
  for (const char* root : {"index.html", "package-lock.json", "package.json", "public", "src", "svelte.config.js", "tsconfig.json",
                           "vite.config.ts"}) {
    if (!fs::is_directory(web / root)) {
      paths.emplace_back(root);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(web / root)) {
      if (entry.is_regular_file()) paths.push_back(fs::relative(entry.path(), web).generic_string());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::string listing;
  for (const std::string& path : paths) listing += path + "\n" + sha256(read_all(web / path)) + "\n";
  EXPECT_EQ(read_all(web / "dist/sources.sha256"), sha256(listing) + "\n")
      << "the page was changed and not built: (cd tools/web && npm ci && npm run build)";
}

}  // namespace
}  // namespace earshot::node
