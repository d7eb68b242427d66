// Blocks from a file, through zstd when they are packed, cut into lines.
#include "index/line_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

namespace earshot::index {

namespace {

constexpr std::array<std::uint8_t, 4> kZstdMagic = {0x28, 0xB5, 0x2F, 0xFD};

// 128 MiB of window: what zstd packs with without being asked for more, and the most memory a file can make us take.
constexpr int kMaxWindowLog = 27;

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() { ::close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Fewer bytes only at the end; -1 on an error.
  ssize_t read(char* to, std::size_t size) const {
    std::size_t done = 0;
    while (done < size) {
      const ssize_t count = ::read(descriptor_, to + done, size - done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return -1;
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return static_cast<ssize_t>(done);
  }

 private:
  int descriptor_;
};

struct FreeStream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

class FileLines final : public LineReader {
 public:
  FileLines(std::string name, int descriptor) : name_(std::move(name)), file_(descriptor) {}

  Result<void> start() {
    if (auto read = read_raw(); !read) return read;
    const bool is_packed = raw_size_ >= kZstdMagic.size() && std::memcmp(raw_.data(), kZstdMagic.data(), kZstdMagic.size()) == 0;
    if (!is_packed) return {};
    stream_.reset(ZSTD_createDStream());
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
    return {};
  }

  Result<std::optional<Line>> next() override {
    line_.clear();
    bool is_too_long = false;
    bool any = false;
    while (true) {
      if (at_ == block_.size()) {
        auto more = next_block();
        if (!more) return tl::unexpected(more.error());
        if (!*more) break;
      }
      any = true;
      const auto begin = block_.begin() + static_cast<std::ptrdiff_t>(at_);
      const auto end = std::find(begin, block_.end(), '\n');
      const auto size = static_cast<std::size_t>(end - begin);
      is_too_long = is_too_long || line_.size() + size > kMaxLine;
      if (is_too_long) {
        line_.clear();
      } else {
        line_.append(begin, end);
      }
      at_ += size;
      if (end == block_.end()) continue;
      ++at_;
      break;
    }
    if (!any) return std::optional<Line>();
    if (line_.ends_with('\r')) line_.pop_back();
    return std::optional<Line>(Line{++number_, line_, is_too_long});
  }

 private:
  static constexpr std::size_t kBlock = 128 * 1024;

  Result<void> read_raw() {
    const ssize_t size = file_.read(raw_.data(), raw_.size());
    if (size < 0) return fail(ErrorCode::kDisk, "read '{}': {}", name_, std::strerror(errno));
    raw_size_ = static_cast<std::size_t>(size);
    raw_at_ = 0;
    return {};
  }

  // Fills block_; false at the end of the file.
  Result<bool> next_block() {
    at_ = 0;
    block_.resize(kBlock);
    const auto filled = stream_ ? unpack() : copy();
    if (!filled) return tl::unexpected(filled.error());
    block_.resize(*filled);
    return *filled > 0;
  }

  Result<std::size_t> copy() {
    if (raw_at_ == raw_size_) {
      if (auto read = read_raw(); !read) return tl::unexpected(read.error());
    }
    const std::size_t size = std::min(raw_size_ - raw_at_, block_.size());
    std::copy_n(raw_.data() + raw_at_, size, block_.data());
    raw_at_ += size;
    return size;
  }

  Result<std::size_t> unpack() {
    ZSTD_outBuffer out{block_.data(), block_.size(), 0};
    while (out.pos == 0) {
      if (raw_at_ == raw_size_) {
        if (auto read = read_raw(); !read) return tl::unexpected(read.error());
        if (raw_size_ == 0 && !is_frame_done_) return fail(ErrorCode::kCorrupt, "unpack '{}': it ends in the middle", name_);
        if (raw_size_ == 0) return std::size_t{0};
      }
      ZSTD_inBuffer in{raw_.data(), raw_size_, raw_at_};
      const std::size_t status = ZSTD_decompressStream(stream_.get(), &out, &in);
      if (ZSTD_isError(status) != 0) return fail(ErrorCode::kCorrupt, "unpack '{}': {}", name_, ZSTD_getErrorName(status));
      raw_at_ = in.pos;
      is_frame_done_ = status == 0;
    }
    return out.pos;
  }

  std::string name_;
  File file_;
  std::unique_ptr<ZSTD_DStream, FreeStream> stream_;  // nothing for a plain file
  std::vector<char> raw_ = std::vector<char>(kBlock);
  std::size_t raw_size_ = 0;
  std::size_t raw_at_ = 0;
  bool is_frame_done_ = false;
  std::vector<char> block_;
  std::size_t at_ = 0;
  std::string line_;
  std::uint64_t number_ = 0;
};

}  // namespace

Result<std::unique_ptr<LineReader>> LineReader::open(const std::filesystem::path& file) {
  // Without O_NONBLOCK a named pipe would hang the open.
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    return fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kDisk, "open '{}': {}", file.string(), std::strerror(errno));
  }
  auto lines = std::make_unique<FileLines>(file.string(), descriptor);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(ErrorCode::kInvalid, "'{}' is not a regular file", file.string());
  }
  if (auto started = lines->start(); !started) return tl::unexpected(started.error());
  return lines;
}

}  // namespace earshot::index
