// A row each, zstd around them where it is asked for.
#include "index/export.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace earshot::index {

namespace {

constexpr std::size_t kBuffer = 1u << 20;
constexpr int kLevel = 9;  // an export is kept and copied

void append_text(std::string& row, std::string_view text) {
  const std::size_t begin = row.size();
  row += text;
  std::replace_if(
      row.begin() + static_cast<std::ptrdiff_t>(begin), row.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; },
      ' ');
  row += '\t';
}

class FileWriter final : public TableWriter {
 public:
  FileWriter(std::filesystem::path file, std::filesystem::path temporary, int descriptor)
      : file_(std::move(file)), temporary_(std::move(temporary)), descriptor_(descriptor) {
    if (file_.extension() != ".zst") return;
    zstd_.reset(ZSTD_createCCtx());
    ZSTD_CCtx_setParameter(zstd_.get(), ZSTD_c_compressionLevel, kLevel);
    ZSTD_CCtx_setParameter(zstd_.get(), ZSTD_c_checksumFlag, 1);
  }

  ~FileWriter() override {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    ::unlink(temporary_.c_str());
  }

  Result<void> add(const Track& track) override {
    if (rows_.empty() && !began_) rows_ = "title\tartist\talbum\tgenre\tyear\tduration_ms\tcodec\tkbps\tsize_bytes\tcontent\n";
    began_ = true;
    for (const std::string* text : {&track.title, &track.artist, &track.album, &track.genre}) append_text(rows_, *text);
    rows_ += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", track.year, track.duration_ms, to_string(track.codec),
                         track.bitrate_kbps, track.size_bytes, to_string(track.content));
    return rows_.size() < kBuffer ? Result<void>{} : flush(/*last=*/false);
  }

  Result<void> finish() override {
    if (!began_) rows_ = "title\tcontent\n";
    if (auto flushed = flush(/*last=*/true); !flushed) return flushed;
    const bool kept = ::fsync(descriptor_) == 0 && ::close(std::exchange(descriptor_, -1)) == 0 &&
                      std::rename(temporary_.c_str(), file_.c_str()) == 0;
    return kept ? Result<void>{} : failed();
  }

 private:
  tl::unexpected<Error> failed() const {
    return fail(ErrorCode::kDisk, "write '{}': {}", file_.string(), std::strerror(errno));
  }

  Result<void> flush(bool last) {
    if (!zstd_) {
      auto written = write(rows_);
      rows_.clear();
      return written;
    }
    std::string out(ZSTD_CStreamOutSize(), '\0');
    ZSTD_inBuffer from = {rows_.data(), rows_.size(), 0};
    for (bool is_done = false; !is_done;) {
      ZSTD_outBuffer to = {out.data(), out.size(), 0};
      const std::size_t rest = ZSTD_compressStream2(zstd_.get(), &to, &from, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(rest)) return fail(ErrorCode::kDisk, "pack '{}': {}", file_.string(), ZSTD_getErrorName(rest));
      if (auto written = write({out.data(), to.pos}); !written) return written;
      is_done = last ? rest == 0 : from.pos == from.size;
    }
    rows_.clear();
    return {};
  }

  Result<void> write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return failed();
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
  }

  struct FreeContext {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };

  std::filesystem::path file_;
  std::filesystem::path temporary_;
  int descriptor_;
  std::unique_ptr<ZSTD_CCtx, FreeContext> zstd_;  // null: plain
  std::string rows_;
  bool began_ = false;
};

}  // namespace

Result<std::unique_ptr<TableWriter>> TableWriter::open(const std::filesystem::path& file) {
  std::filesystem::path temporary = file;
  temporary += fmt::format(".{}.part", ::getpid());
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return fail(ErrorCode::kDisk, "write '{}': {}", file.string(), std::strerror(errno));
  return std::make_unique<FileWriter>(file, temporary, descriptor);
}

}  // namespace earshot::index
