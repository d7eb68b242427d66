// Writing and reading the rows.
#include "tools/cli/last_search.h"

#include "tools/cli/replies.h"
#include "tools/node/runtime_files.h"

namespace earshot::cli {

namespace {

// 1,000 rows of at most 6 KiB.
constexpr std::size_t kMaxBytes = 6u << 20;

Result<std::vector<std::string>> rows(const std::filesystem::path& state) {
  const auto text = node::read_small_file(state / "last_search", kMaxBytes);
  if (!text) return fail(ErrorCode::kNotFound, "there is no last search: earshot search \"words\" first");
  std::vector<std::string> lines;
  for (std::size_t at = 0, end = 0; (end = text->find('\n', at)) != std::string::npos; at = end + 1) {
    lines.push_back(text->substr(at, end - at));
  }
  return lines;
}

}  // namespace

Result<void> remember_search(const std::filesystem::path& state, const std::vector<std::string>& lines) {
  if (auto made = node::make_private_folder(state); !made) return made;
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return node::write_private_file(state / "last_search", text);
}

Result<std::string> row_of_last_search(const std::filesystem::path& state, std::size_t number) {
  const auto lines = rows(state);
  if (!lines) return tl::unexpected(lines.error());
  if (number == 0 || number > lines->size()) {
    return fail(ErrorCode::kNotFound, "the last search had {} rows: there is no row {}", lines->size(), number);
  }
  return (*lines)[number - 1];
}

Result<std::string> row_with_content(const std::filesystem::path& state, const std::string& content) {
  const auto lines = rows(state);
  if (!lines) return tl::unexpected(lines.error());
  for (const std::string& line : *lines) {
    if (hit_from(line).content == content) return line;
  }
  return fail(ErrorCode::kNotFound, "the last search did not see {}", content);
}

}  // namespace earshot::cli
