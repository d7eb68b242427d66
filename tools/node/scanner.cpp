// Walking, reading, remembering.
#include "tools/node/scanner.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <set>

#include "tools/node/beneath.h"
#include "tools/node/runtime_files.h"

namespace earshot::node {

namespace fs = std::filesystem;

namespace {

// Tracks in one write of the index: one sync of the disk for all of them.
constexpr std::size_t kScanBatch = 256;

// The record of shares: a million files of 300 bytes.
constexpr std::size_t kMaxRecord = 300u << 20;

bool looks_like_audio(const fs::path& file) {
  constexpr std::array<std::string_view, 8> kAudio = {".mp3",  ".ogg", ".oga", ".opus",
                                                        ".flac", ".m4a", ".mp4", ".wav"};
  std::string ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(kAudio.begin(), kAudio.end(), ending) != kAudio.end();
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
  find_copies();
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
  auto report = scan_root(root, [&](const ScanProgress& progress) {
    {
      const std::lock_guard lock(mutex_);
      progress_ = progress;
    }
    return on_progress(progress);
  });
  const std::lock_guard lock(mutex_);
  progress_.reset();
  return report;
}

Result<ScanReport> Scanner::scan_root(const fs::path& root, const OnProgress& on_progress) {
  if (when_scanning_) when_scanning_(root);
  const Walk walk = walk_audio(root, {});
  ScanReport report;
  report.path = root;
  report.files = walk.files.size();
  report.other_files = walk.other_files;
  report.symlinks = walk.symlinks;
  report.complete = walk.complete;
  {
    const std::lock_guard lock(mutex_);
    if (std::find(roots_.begin(), roots_.end(), root) == roots_.end()) roots_.push_back(root);
  }
  find_lost();
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
    if (auto added = add_file(root, file, report, hashed); !added) return tl::unexpected(added.error());
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
  report.copies = count_copies(root);
  find_copies();
  if (auto remembered = remember(); !remembered) return tl::unexpected(remembered.error());
  if (!wanted)
    return fail(ErrorCode::kStopped, "stopped after {} of {} files; the next start goes on", progress.files,
                progress.of);
  return report;
}

Result<void> Scanner::add_file(const fs::path& root, const fs::path& file, ScanReport& report, const OnHashed& hashed) {
  const auto opened = open_beneath(root, file);
  struct stat status {};
  if (!opened || ::fstat(opened->number(), &status) != 0) {
    ++report.failed;
    return {};
  }
  constexpr std::int64_t kSecond = 1'000'000'000;
  const FileMark mark{status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
                      status.st_mtim.tv_sec * kSecond + status.st_mtim.tv_nsec};
  const auto recognised = recognise(file, mark, report, hashed);
  if (!recognised) return tl::unexpected(recognised.error());
  return *recognised ? Result<void>{} : read_file(opened->number(), file, mark, report, hashed);
}

// True for a file that is as it was, here or under another path, and whose track the index still has.
Result<bool> Scanner::recognise(const fs::path& file, const FileMark& mark, ScanReport& report, const OnHashed& hashed) {
  std::optional<Known> known;
  fs::path before = file;
  {
    const std::lock_guard lock(mutex_);
    const auto lost = lost_.find(mark);
    if (!files_.contains(file) && lost != lost_.end()) before = lost->second;
    const auto at = files_.find(before);
    if (at != files_.end() && at->second.mark == mark) known = at->second;
  }
  if (!known) return false;
  const bool is_elsewhere = before != file;
  if (is_elsewhere && !engine_.moved(before, file)) return false;
  const auto track = index_.find(known->content);
  if (!track) return tl::unexpected(track.error());
  if (!*track) return false;
  const auto content = engine_.share(file, hashed);
  if (!content || *content != known->content) return false;
  ++report.tracks;
  ++(is_elsewhere ? report.moved : report.unchanged);
  report.bytes += mark.size;
  const std::lock_guard lock(mutex_);
  if (is_elsewhere) files_.erase(before);
  files_[file] = *known;
  return true;
}

Result<void> Scanner::read_file(int descriptor, const fs::path& file, const FileMark& mark, ScanReport& report,
                                const OnHashed& hashed) {
  auto read = read_tags_(descriptor, file);
  if (!read) {
    ++report.failed;
    return {};
  }
  const auto content = engine_.share(file, hashed);
  if (!content) {
    if (content.error().code != ErrorCode::kStopped) ++report.failed;
    return {};
  }
  Track& track = read->track;
  track.content = *content;
  track.size_bytes = mark.size;
  if (track.title.empty()) track.title = file.stem().string();
  ++report.tracks;
  report.bytes += track.size_bytes;
  batch_.push_back(tidied(std::move(track)));
  {
    const std::lock_guard lock(mutex_);
    const auto at = files_.find(file);
    if (at != files_.end() && at->second.content != *content) {
      replaced_.insert(at->second.content);
      if (at->second.sound && at->second.sound == read->sound) ++report.retagged;
    }
    files_[file] = {*content, mark, read->sound};
  }
  return batch_.size() < kScanBatch ? Result<void>{} : flush();
}

// Files of all shares that are not where they were: moved, perhaps.
void Scanner::find_lost() {
  const std::lock_guard lock(mutex_);
  lost_.clear();
  for (const auto& [file, known] : files_) {
    std::error_code error;
    if (known.mark.inode != 0 && !fs::exists(fs::symlink_status(file, error))) lost_.emplace(known.mark, file);
  }
}

// Each file of those that has the sound of another content before it. REQUIRES: mutex_ is held.
template <class Counts, class Take>
void Scanner::each_copy(const Counts& counts, const Take& take) const {
  std::map<Digest32, ContentId> first;
  for (const auto& [file, known] : files_) {
    if (!known.sound || !counts(file)) continue;
    const auto [at, fresh] = first.emplace(*known.sound, known.content);
    if (!fresh && at->second != known.content) take(known.content, at->second);
  }
}

std::uint64_t Scanner::count_copies(const fs::path& root) const {
  const std::lock_guard lock(mutex_);
  std::uint64_t copies = 0;
  each_copy([&](const fs::path& file) { return is_below(file, root); }, [&](const ContentId&, const ContentId&) { ++copies; });
  return copies;
}

void Scanner::find_copies() {
  const std::lock_guard lock(mutex_);
  copies_.clear();
  each_copy([](const fs::path&) { return true; }, [this](const ContentId& copy, const ContentId& first) { copies_.emplace(copy, first); });
}

std::optional<Scanner::Place> Scanner::place_of(const ContentId& content) const {
  const std::lock_guard lock(mutex_);
  const auto at = std::find_if(files_.begin(), files_.end(), [&](const auto& file) { return file.second.content == content; });
  if (at == files_.end()) return std::nullopt;
  const auto root = std::find_if(roots_.begin(), roots_.end(), [&](const fs::path& one) { return is_below(at->first, one); });
  if (root == roots_.end()) return std::nullopt;
  return Place{*root == at->first ? root->parent_path() : *root, at->first};
}

ContentId Scanner::recording_of(const ContentId& content) const {
  const std::lock_guard lock(mutex_);
  const auto at = copies_.find(content);
  return at == copies_.end() ? content : at->second;
}

std::optional<ScanProgress> Scanner::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
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
      (lost ? gone : kept).insert(at->second.content);
      at = lost ? files_.erase(at) : std::next(at);
    }
    gone.merge(replaced_);
    replaced_.clear();
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

// The record, one line each: "share PATH" or "mark CONTENT DEVICE INODE SIZE MTIME SOUND PATH", where SOUND is "-" when it is
// not known; "file CONTENT PATH" is how it was written before. A line that is none of these is left out.
void Scanner::recall() {
  const auto text = read_small_file(record_, kMaxRecord);
  if (!text) return;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    recall_line(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void Scanner::recall_line(std::string_view line) {
  const auto word = [&line] {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view taken = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return taken;
  };
  const std::string_view kind = word();
  if (kind == "share" && !line.empty()) roots_.emplace_back(line);
  if (kind != "file" && kind != "mark") return;
  const auto content = content_id_from(word());
  Known known{content.value_or(ContentId{}), {}, {}};
  bool is_sound = content.has_value();
  if (kind == "mark") {
    const auto number = [&](auto& to) {
      const std::string_view digits = word();
      is_sound = std::from_chars(digits.data(), digits.data() + digits.size(), to).ec == std::errc() && is_sound;
    };
    number(known.mark.device);
    number(known.mark.inode);
    number(known.mark.size);
    number(known.mark.mtime_ns);
    if (const auto sound = digest_from_hex(word())) known.sound = *sound;
  }
  if (is_sound && !line.empty()) files_.emplace(line, known);
}

Result<void> Scanner::remember() const {
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    for (const fs::path& root : roots_) text += fmt::format("share {}\n", root.string());
    for (const auto& [file, known] : files_) {
      text += fmt::format("mark {} {} {} {} {} {} {}\n", to_string(known.content), known.mark.device, known.mark.inode,
                          known.mark.size, known.mark.mtime_ns, known.sound ? to_hex(*known.sound) : "-", file.string());
    }
  }
  return write_private_file(record_, text);
}

}  // namespace earshot::node
