// Walking, reading, remembering.
#include "tools/node/scanner.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "tools/node/runtime_files.h"

namespace earshot::node {

namespace fs = std::filesystem;

namespace {

// Tracks in one write of the index: one sync of the disk for all of them.
constexpr std::size_t kBatch = 256;

// The record of shares: a million files of 300 bytes.
constexpr std::size_t kMaxRecord = 300u << 20;

bool looks_like_audio(const fs::path& file) {
  constexpr std::array<std::string_view, 8> kEndings = {".mp3",  ".ogg", ".oga", ".opus",
                                                        ".flac", ".m4a", ".mp4", ".wav"};
  std::string ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

bool is_below(const fs::path& file, const fs::path& root) {
  const auto [end, ignored] = std::mismatch(root.begin(), root.end(), file.begin(), file.end());
  return end == root.end();
}

// A path as one line of the record can hold it.
bool fits_a_line(const fs::path& path) {
  return path.string().find('\n') == std::string::npos;
}

class Walker {
 public:
  explicit Walker(const WalkLimits& limits) : limits_(limits) {}

  void folder(const fs::path& path, std::size_t depth) {
    std::error_code error;
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) entries.push_back(*at);
    if (error) walk_.complete = false;
    std::sort(entries.begin(), entries.end());
    for (const fs::directory_entry& entry : entries) visit(entry, depth);
  }

  Walk take() { return std::move(walk_); }

 private:
  void visit(const fs::directory_entry& entry, std::size_t depth) {
    if (entry.path().filename().string().starts_with('.')) return;
    std::error_code error;
    const fs::file_status status = entry.symlink_status(error);
    if (fs::is_symlink(status)) {
      ++walk_.symlinks;
    } else if (fs::is_directory(status)) {
      if (depth == limits_.depth) walk_.complete = false;
      if (depth < limits_.depth) folder(entry.path(), depth + 1);
    } else if (fs::is_regular_file(status)) {
      file(entry.path());
    }
  }

  void file(const fs::path& path) {
    if (!looks_like_audio(path)) {
      ++walk_.other_files;
    } else if (walk_.files.size() == limits_.files || !fits_a_line(path)) {
      walk_.complete = false;
    } else {
      walk_.files.push_back(path);
    }
  }

  const WalkLimits& limits_;
  Walk walk_;
};

}  // namespace

Walk walk_audio(const fs::path& root, const WalkLimits& limits) {
  std::error_code error;
  if (fs::is_regular_file(fs::symlink_status(root, error))) {
    Walk walk;
    if (looks_like_audio(root)) walk.files.push_back(root);
    walk.other_files = walk.files.empty() ? 1 : 0;
    return walk;
  }
  Walker walker(limits);
  walker.folder(root, 1);
  return walker.take();
}

Scanner::Scanner(index::Index& index, stream::Engine& engine, TagReader read_tags, fs::path record)
    : index_(index), engine_(engine), read_tags_(std::move(read_tags)), record_(std::move(record)) {
  recall();
}

Result<ScanReport> Scanner::scan(const fs::path& path, const OnProgress& on_progress) {
  std::error_code error;
  const fs::path root = fs::canonical(path, error);
  if (error) {
    // A share that is not there now (an unplugged disk) offers nothing, but is remembered for when it is back.
    if (auto removed = remove_gone(path, {}); !removed) return tl::unexpected(removed.error());
    return fail(ErrorCode::kNotFound, "share '{}': {}", path.string(), error.message());
  }
  if (!fits_a_line(root)) return fail(ErrorCode::kInvalid, "share '{}': a line break in the name", path.string());
  const Walk walk = walk_audio(root, {});
  ScanReport report{root, walk.files.size(), 0, walk.other_files, walk.symlinks, 0, 0, 0, walk.complete};
  {
    const std::lock_guard lock(mutex_);
    if (std::find(roots_.begin(), roots_.end(), root) == roots_.end()) roots_.push_back(root);
  }
  ScanProgress progress{{}, 0, walk.files.size(), 0};
  bool wanted = true;
  for (const fs::path& file : walk.files) {
    progress.file = file.lexically_relative(root);
    wanted = on_progress(progress);
    if (!wanted) break;
    const auto hashed = [&](std::uint64_t bytes) {
      ScanProgress now = progress;
      now.bytes += bytes;
      return wanted = on_progress(now);
    };
    if (auto added = add_file(file, report, hashed); !added) return tl::unexpected(added.error());
    if (!wanted) break;
    ++progress.files;
    progress.bytes = report.bytes;
  }
  if (auto flushed = flush(); !flushed) return tl::unexpected(flushed.error());
  if (wanted && walk.complete) {
    const auto removed = remove_gone(root, walk);
    if (!removed) return tl::unexpected(removed.error());
    report.removed = *removed;
  }
  if (auto remembered = remember(); !remembered) return tl::unexpected(remembered.error());
  if (!wanted)
    return fail(ErrorCode::kStopped, "stopped after {} of {} files; the next start goes on", progress.files,
                progress.of);
  return report;
}

Result<void> Scanner::add_file(const fs::path& file, ScanReport& report,
                               const std::function<bool(std::uint64_t)>& hashed) {
  auto track = read_tags_(file);
  if (!track) {
    ++report.failed;
    return {};
  }
  const auto content = engine_.share(file, hashed);
  if (!content) {
    if (content.error().code != ErrorCode::kStopped) ++report.failed;
    return {};
  }
  std::error_code error;
  track->content = *content;
  track->size_bytes = fs::file_size(file, error);
  if (track->title.empty()) track->title = file.stem().string();
  ++report.tracks;
  report.bytes += track->size_bytes;
  batch_.push_back(tidied(std::move(*track)));
  {
    const std::lock_guard lock(mutex_);
    files_[file] = *content;
  }
  return batch_.size() < kBatch ? Result<void>{} : flush();
}

Result<void> Scanner::flush() {
  if (batch_.empty()) return {};
  auto added = index_.add(batch_);
  batch_.clear();
  return added;
}

// Files of this share that the walk did not meet: their contents are forgotten, unless another file has the same.
Result<std::uint64_t> Scanner::remove_gone(const fs::path& root, const Walk& walk) {
  const std::set<fs::path> met(walk.files.begin(), walk.files.end());
  std::set<ContentId> gone;
  {
    const std::lock_guard lock(mutex_);
    std::set<ContentId> kept;
    for (auto at = files_.begin(); at != files_.end();) {
      const bool lost = is_below(at->first, root) && !met.contains(at->first);
      (lost ? gone : kept).insert(at->second);
      at = lost ? files_.erase(at) : std::next(at);
    }
    for (const ContentId& content : kept) gone.erase(content);
  }
  const std::vector<ContentId> contents(gone.begin(), gone.end());
  for (const ContentId& content : contents) engine_.forget(content);
  if (contents.empty()) return std::uint64_t{0};
  const auto removed = index_.remove(contents);
  if (!removed) return tl::unexpected(removed.error());
  return static_cast<std::uint64_t>(*removed);
}

std::vector<ShareRow> Scanner::shares() const {
  const std::lock_guard lock(mutex_);
  std::vector<ShareRow> rows;
  for (const fs::path& root : roots_) {
    const auto below =
        std::count_if(files_.begin(), files_.end(), [&](const auto& file) { return is_below(file.first, root); });
    rows.push_back({root, static_cast<std::uint64_t>(below)});
  }
  return rows;
}

// The record, one line each: "share PATH" or "file CONTENT PATH". A line that is neither is left out.
void Scanner::recall() {
  const auto text = read_small_file(record_, kMaxRecord);
  if (!text) return;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t space = line.find(' ', 5);
    if (line.starts_with("share ")) {
      roots_.emplace_back(line.substr(6));
    } else if (line.starts_with("file ") && space != std::string_view::npos) {
      if (const auto content = content_id_from(line.substr(5, space - 5)))
        files_.emplace(line.substr(space + 1), *content);
    }
  }
}

Result<void> Scanner::remember() const {
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    for (const fs::path& root : roots_) text += fmt::format("share {}\n", root.string());
    for (const auto& [file, content] : files_) text += fmt::format("file {} {}\n", to_string(content), file.string());
  }
  return write_private_file(record_, text);
}

}  // namespace earshot::node
