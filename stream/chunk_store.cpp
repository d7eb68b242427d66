// Files and sidecars.
#include "stream/chunk_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "schema/check.h"
#include "stream/ppspp/sha256.h"

namespace earshot::stream {

namespace {

using ppspp::Bin;
using ppspp::ChunkRange;
using ppspp::ChunkSet;
using ppspp::Node;
using ppspp::TreePage;
using ppspp::TreeShape;

constexpr std::size_t kBlock = 4096;
constexpr std::string_view kMagic = "earshot sidecar\n";
constexpr std::uint32_t kSidecarVersion = 1;
constexpr std::size_t kMaxPath = 2048;

/// Written behind in runs of at most this; one system call for 128 chunks.
constexpr std::size_t kMaxRun = 128 * ChunkStore::kChunkSize;

tl::unexpected<Error> disk_error(std::string_view what, const std::filesystem::path& path = {}) {
  return fail(ErrorCode::kDisk, "{}{}{}: {}", what, path.empty() ? "" : " ", path.string(), std::strerror(errno));
}

Result<std::size_t> read_at(const File& file, std::uint64_t offset, std::span<std::uint8_t> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = pread(file.fd(), into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return disk_error("read");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Result<void> write_at(const File& file, std::uint64_t offset, ByteView bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put = pwrite(file.fd(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return disk_error("write");
    done += static_cast<std::size_t>(put);
  }
  return {};
}

Result<File> open_file(const std::filesystem::path& path, int flags) {
  File file(open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file) return file;
  if (errno == ENOENT) return fail(ErrorCode::kNotFound, "{}: no such file", path.string());
  return disk_error("open", path);
}

Result<FileMark> mark_of(const File& file) {
  struct stat status {};
  if (fstat(file.fd(), &status) != 0) return disk_error("stat");
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kInvalid, "not a regular file");
  const std::int64_t mtime = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
  return FileMark{status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size), mtime};
}

ByteView view_of(const TreePage& page) {
  static_assert(sizeof(TreePage) == 127 * 32);
  return {page.nodes.front().data(), sizeof(TreePage)};
}

std::uint64_t bitmap_size(const TreeShape& shape) { return (shape.width() / 8 / kBlock + 1) * kBlock; }

std::uint64_t offset_of_page(const TreeShape& shape, std::uint64_t index) {
  return kBlock + bitmap_size(shape) + index * kBlock;
}

}  // namespace

File::~File() {
  if (fd_ >= 0) close(fd_);
}

// --- Header ----------------------------------------------------------------------------------------------------------

Bytes ChunkStore::Header::encode() const {
  Bytes bytes(as_bytes(kMagic).begin(), as_bytes(kMagic).end());
  const auto put = [&](auto value) {
    for (std::size_t i = 0; i < sizeof value; ++i) {
      bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i)));
    }
  };
  const auto put_bytes = [&](ByteView view) { bytes.insert(bytes.end(), view.begin(), view.end()); };
  put(kSidecarVersion);
  put(kChunkSize);
  put_bytes(root);
  put(chunk_count());
  put(size);
  put(static_cast<std::uint8_t>(whole));
  put(static_cast<std::uint8_t>(peaks.size()));
  put(mark.device);
  put(mark.inode);
  put(mark.mtime_ns);
  put(static_cast<std::uint16_t>(path.size()));
  put_bytes(as_bytes(path));
  for (const Node& peak : peaks) put_bytes(peak.hash);
  bytes.resize(kBlock - sizeof(Digest32));
  put_bytes(ppspp::sha256(bytes));
  return bytes;
}

std::optional<ChunkStore::Header> ChunkStore::Header::decode(ByteView bytes) {
  if (bytes.size() != kBlock) return std::nullopt;
  const ByteView body = bytes.first(kBlock - sizeof(Digest32));
  const Digest32 checksum = ppspp::sha256(body);
  if (!std::equal(checksum.begin(), checksum.end(), bytes.begin() + body.size())) return std::nullopt;
  // The checksum fits, so the sizes below are what encode() wrote.
  std::size_t at = 0;
  const auto take = [&](std::size_t count) { return body.subspan(std::exchange(at, at + count), count); };
  const auto number = [&](std::size_t width) {
    std::uint64_t value = 0;
    const ByteView digits = take(width);
    for (std::size_t i = 0; i < width; ++i) value |= std::uint64_t{digits[i]} << (8 * i);
    return value;
  };
  Header header;
  if (as_text(take(kMagic.size())) != kMagic || number(4) != kSidecarVersion || number(4) != kChunkSize) return std::nullopt;
  const ByteView root = take(header.root.size());
  std::copy(root.begin(), root.end(), header.root.begin());
  const std::uint64_t chunk_count = number(8);
  header.size = number(8);
  header.whole = number(1) != 0;
  const std::uint64_t peak_count = number(1);
  header.mark.device = number(8);
  header.mark.inode = number(8);
  header.mark.mtime_ns = static_cast<std::int64_t>(number(8));
  header.mark.size = header.size;
  header.path = as_text(take(number(2)));
  if (chunk_count == 0 || chunk_count > ppspp::kMaxChunks) return std::nullopt;
  for (const Bin bin : ppspp::peaks(chunk_count)) {
    Node peak{bin, {}};
    const ByteView hash = take(peak.hash.size());
    std::copy(hash.begin(), hash.end(), peak.hash.begin());
    header.peaks.push_back(peak);
  }
  if (header.peaks.size() != peak_count || ppspp::root_of(header.peaks) != header.root) return std::nullopt;
  return header;
}

std::optional<ChunkStore::Header> ChunkStore::read_header(const File& sidecar) {
  Bytes bytes(kBlock);
  const auto got = read_at(sidecar, 0, bytes);
  if (!got || *got != kBlock) return std::nullopt;
  return Header::decode(bytes);
}

Result<void> ChunkStore::write_header(const Header& header) { return write_at(sidecar_, 0, header.encode()); }

// --- Opening ---------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<ChunkStore>> ChunkStore::fetch(const std::filesystem::path& folder, const Digest32& root) {
  const std::string name = to_hex(root);
  std::unique_ptr<ChunkStore> store(new ChunkStore(root));
  store->folder_ = folder;
  auto sidecar = open_file(folder / (name + ".sidecar"), O_RDWR | O_CREAT);
  if (!sidecar) return tl::unexpected(std::move(sidecar.error()));
  store->sidecar_ = std::move(*sidecar);
  auto data = open_file(folder / name, O_RDWR);
  if (!data) data = open_file(folder / (name + ".part"), O_RDWR | O_CREAT);
  if (!data) return tl::unexpected(std::move(data.error()));
  store->data_ = std::move(*data);
  auto header = read_header(store->sidecar_);
  const auto mark = mark_of(store->data_);
  if (!mark) return tl::unexpected(Error(mark.error()));
  const bool fits = header && header->root == root && header->path.empty() && (!header->whole || header->mark == *mark);
  if (!fits) {
    // Whatever lies there is no content of ours any more; its bytes are overwritten as chunks arrive.
    rename((folder / name).c_str(), (folder / (name + ".part")).c_str());
    if (ftruncate(store->sidecar_.fd(), 0) != 0) return disk_error("truncate sidecar of", folder / name);
    return store;
  }
  store->header_ = std::move(*header);
  if (auto loaded = store->load_possession(); !loaded) return tl::unexpected(std::move(loaded.error()));
  return store;
}

Result<std::unique_ptr<ChunkStore>> ChunkStore::shared(const std::filesystem::path& sidecar) {
  auto opened = open_file(sidecar, O_RDONLY);
  if (!opened) return tl::unexpected(std::move(opened.error()));
  auto header = read_header(*opened);
  if (!header || !header->whole || header->path.empty()) return fail(ErrorCode::kCorrupt, "{}: no sidecar", sidecar.string());
  auto data = open_file(header->path, O_RDONLY);
  if (!data) return tl::unexpected(std::move(data.error()));
  std::unique_ptr<ChunkStore> store(new ChunkStore(header->root));
  store->sidecar_ = std::move(*opened);
  store->data_ = std::move(*data);
  store->header_ = std::move(*header);
  if (auto same = store->changed(); !same) return tl::unexpected(std::move(same.error()));
  if (auto loaded = store->load_possession(); !loaded) return tl::unexpected(std::move(loaded.error()));
  return store;
}

Result<void> ChunkStore::changed() const {
  const auto mark = mark_of(data_);
  if (mark && *mark == header_.mark) return {};
  return fail(ErrorCode::kCorrupt, "{}: has changed since it was hashed", header_.path);
}

Result<void> ChunkStore::load_possession() {
  possession_.peaks = header_.peaks;
  possession_.size = header_.size;
  const TreeShape shape(header_.chunk_count());
  if (header_.whole) {
    possession_.verified.insert({0, shape.chunk_count()});
  } else if (auto loaded = load_bitmap(); !loaded) {
    return loaded;
  }
  std::vector<std::uint64_t> wanted;
  for (const ChunkRange& run : possession_.verified.ranges()) {
    for (const std::uint64_t edge : {run.begin / ppspp::kPageChunks, (run.end - 1) / ppspp::kPageChunks}) {
      const ChunkRange page{edge * ppspp::kPageChunks, std::min((edge + 1) * ppspp::kPageChunks, shape.chunk_count())};
      if (!possession_.verified.contains_all(page)) wanted.push_back(edge);
    }
  }
  for (std::uint64_t index = shape.low_pages(); index < shape.pages(); ++index) wanted.push_back(index);
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  for (const std::uint64_t index : wanted) {
    auto loaded = page(index);
    if (!loaded) return tl::unexpected(std::move(loaded.error()));
    possession_.pages.emplace_back(index, *loaded);
  }
  return {};
}

Result<void> ChunkStore::load_bitmap() {
  const TreeShape shape(header_.chunk_count());
  bitmap_.assign(bitmap_size(shape), 0);
  if (auto got = read_at(sidecar_, kBlock, bitmap_); !got) return tl::unexpected(std::move(got.error()));
  for (std::uint64_t chunk = 0; chunk < shape.chunk_count(); ++chunk) {
    if ((bitmap_[chunk / 8] >> (chunk % 8) & 1) != 0) possession_.verified.insert({chunk, chunk + 1});
  }
  return {};
}

// --- Keeping ---------------------------------------------------------------------------------------------------------

Result<void> ChunkStore::sized(const ppspp::Sized& sized) {
  EARSHOT_CHECK(!folder_.empty());
  const std::lock_guard lock(mutex_);
  header_.root = root_;
  header_.size = sized.size;
  header_.peaks = sized.peaks;
  header_changed_ = true;
  return {};
}

Result<void> ChunkStore::keep(std::uint64_t chunk, ByteView bytes) {
  const std::uint64_t run_end = run_begin_ + run_.size() / kChunkSize;
  const bool continues = !run_.empty() && run_.size() % kChunkSize == 0 && chunk == run_end && run_.size() < kMaxRun;
  if (!continues) {
    if (auto flushed = flush(); !flushed) return flushed;
    run_begin_ = chunk;
  }
  run_.insert(run_.end(), bytes.begin(), bytes.end());
  return {};
}

Result<void> ChunkStore::flush() {
  if (run_.empty()) return {};
  if (auto written = write_at(data_, run_begin_ * kChunkSize, run_); !written) return written;
  const std::lock_guard lock(mutex_);
  unsynced_.insert({run_begin_, run_begin_ + (run_.size() + kChunkSize - 1) / kChunkSize});
  run_.clear();
  return {};
}

Result<void> ChunkStore::keep_page(std::uint64_t index, const TreePage& page) {
  return write_at(sidecar_, page_offset(index), view_of(page));
}

Result<TreePage> ChunkStore::page(std::uint64_t index) const {
  TreePage page;
  auto got = read_at(sidecar_, page_offset(index), {page.nodes.front().data(), sizeof page});
  if (!got) return tl::unexpected(std::move(got.error()));
  return page;
}

std::uint64_t ChunkStore::page_offset(std::uint64_t index) const {
  const std::lock_guard lock(mutex_);
  return offset_of_page(TreeShape(header_.chunk_count()), index);
}

Result<void> ChunkStore::complete() {
  const std::filesystem::path whole = folder_ / to_hex(root_);
  const std::filesystem::path part = whole.string() + ".part";
  if (rename(part.c_str(), whole.c_str()) != 0 && errno != ENOENT) return disk_error("rename", part);
  auto mark = mark_of(data_);
  if (!mark) return tl::unexpected(std::move(mark.error()));
  const std::lock_guard lock(mutex_);
  header_.whole = true;
  header_.mark = *mark;
  header_changed_ = true;
  return {};
}

Result<std::size_t> ChunkStore::read(std::uint64_t offset, std::span<std::uint8_t> into) const {
  if (folder_.empty()) {
    if (auto same = changed(); !same) return tl::unexpected(std::move(same.error()));
  }
  return read_at(data_, offset, into);
}

std::filesystem::path ChunkStore::file() const {
  const std::lock_guard lock(mutex_);
  if (folder_.empty()) return header_.path;
  return folder_ / (to_hex(root_) + (header_.whole ? "" : ".part"));
}

Result<void> ChunkStore::sync() {
  ChunkSet chunks;
  Header header;
  bool header_changed = false;
  {
    const std::lock_guard lock(mutex_);
    std::swap(chunks, unsynced_);
    header = header_;
    header_changed = std::exchange(header_changed_, false);
  }
  if (chunks.empty() && !header_changed) return {};
  // First the bytes and the tree, then what claims them: a header that says "whole" claims as much as a bitmap does.
  if (fdatasync(data_.fd()) != 0 || fdatasync(sidecar_.fd()) != 0) return disk_error("sync");
  if (header_changed) {
    if (auto written = write_header(header); !written) return written;
  }
  if (auto written = write_bitmap(chunks); !written) return written;
  if (fdatasync(sidecar_.fd()) != 0) return disk_error("sync");
  return {};
}

Result<void> ChunkStore::write_bitmap(const ChunkSet& chunks) {
  if (chunks.empty()) return {};
  const std::uint64_t last = chunks.ranges().back().end - 1;
  if (bitmap_.size() <= last / 8) bitmap_.resize((last / 8 / kBlock + 1) * kBlock);
  std::vector<bool> touched(bitmap_.size() / kBlock);
  for (const ChunkRange& run : chunks.ranges()) {
    for (std::uint64_t chunk = run.begin; chunk < run.end; ++chunk) {
      bitmap_[chunk / 8] |= static_cast<std::uint8_t>(1u << (chunk % 8));
      touched[chunk / 8 / kBlock] = true;
    }
  }
  for (std::size_t block = 0; block < touched.size(); ++block) {
    if (!touched[block]) continue;
    auto written = write_at(sidecar_, kBlock + block * kBlock, ByteView(bitmap_).subspan(block * kBlock, kBlock));
    if (!written) return written;
  }
  return {};
}

// --- Hashing ---------------------------------------------------------------------------------------------------------

Result<Digest32> ChunkStore::hash(const std::filesystem::path& file, const std::filesystem::path& sidecar,
                                  const std::function<bool(std::uint64_t)>& progress) {
  auto data = open_file(file, O_RDONLY);
  if (!data) return tl::unexpected(std::move(data.error()));
  const auto mark = mark_of(*data);
  if (!mark) return fail_in(file.string(), Error(mark.error()));
  if (mark->size == 0) return fail(ErrorCode::kInvalid, "{}: is empty", file.string());
  if (mark->size == 2 * sizeof(Digest32)) {
    return fail(ErrorCode::kInvalid, "{}: contents of exactly 64 bytes cannot be shared", file.string());
  }
  const std::uint64_t chunk_count = (mark->size + kChunkSize - 1) / kChunkSize;
  if (chunk_count > ppspp::kMaxChunks) return fail(ErrorCode::kExhausted, "{}: is larger than 16 GiB", file.string());
  if (file.native().size() > kMaxPath) return fail(ErrorCode::kExhausted, "{}: path too long", file.string());

  if (auto known = open_file(sidecar, O_RDONLY)) {
    const auto header = read_header(*known);
    if (header && header->whole && header->path == file.native() && header->mark == *mark) return header->root;
  }

  const std::filesystem::path unfinished = sidecar.string() + ".new";
  auto out = open_file(unfinished, O_RDWR | O_CREAT | O_TRUNC);
  if (!out) return tl::unexpected(std::move(out.error()));
  const TreeShape shape(chunk_count);
  std::vector<Node> peaks;
  for (const Bin bin : ppspp::peaks(chunk_count)) peaks.push_back({bin, {}});
  const auto keep_page = [&](std::uint64_t index, const TreePage& page) -> Result<void> {
    for (Node& peak : peaks) {
      if (peak.bin == shape.root()) continue;
      const auto place = shape.place(peak.bin);
      if (place.page == index) peak.hash = page.nodes[place.slot];
    }
    return write_at(*out, offset_of_page(shape, index), view_of(page));
  };
  ppspp::TreeBuilder builder(chunk_count, keep_page);
  Bytes buffer(1 << 20);
  for (std::uint64_t offset = 0; offset < mark->size; offset += buffer.size()) {
    auto got = read_at(*data, offset, buffer);
    if (!got) return tl::unexpected(std::move(got.error()));
    const std::size_t expected = std::min<std::uint64_t>(buffer.size(), mark->size - offset);
    if (*got < expected) return fail(ErrorCode::kCorrupt, "{}: shrinks while it is read", file.string());
    for (std::size_t at = 0; at < expected; at += kChunkSize) {
      const ByteView chunk = ByteView(buffer).subspan(at, std::min<std::size_t>(kChunkSize, expected - at));
      if (auto added = builder.add(ppspp::sha256(chunk)); !added) return tl::unexpected(std::move(added.error()));
    }
    if (progress && !progress(offset + expected)) {
      unlink(unfinished.c_str());
      return fail(ErrorCode::kStopped, "{}: hashing was stopped", file.string());
    }
  }
  auto root = builder.finish();
  if (!root) return root;
  const auto after = mark_of(*data);
  if (!after || *after != *mark) return fail(ErrorCode::kCorrupt, "{}: changes while it is read", file.string());
  if (peaks.front().bin == shape.root()) peaks.front().hash = *root;
  const Header header{*root, mark->size, true, *mark, file.native(), std::move(peaks)};
  if (auto written = write_at(*out, 0, header.encode()); !written) return tl::unexpected(std::move(written.error()));
  if (rename(unfinished.c_str(), sidecar.c_str()) != 0) return disk_error("rename", unfinished);
  return *root;
}

bool ChunkStore::moved(const std::filesystem::path& sidecar, const std::filesystem::path& to_sidecar,
                       const std::filesystem::path& to) {
  const auto data = open_file(to, O_RDONLY);
  const auto known = open_file(sidecar, O_RDWR);
  if (!data || !known || to.native().size() > kMaxPath) return false;
  auto header = read_header(*known);
  const auto mark = mark_of(*data);
  if (!header || !header->whole || !mark || header->mark != *mark) return false;
  header->path = to.native();
  // A crash between the two leaves a sidecar that names another file than its name says: it is hashed again then.
  return write_at(*known, 0, header->encode()).has_value() && rename(sidecar.c_str(), to_sidecar.c_str()) == 0;
}

}  // namespace earshot::stream
