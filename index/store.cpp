// RocksDB: options, column families, and its errors in our words.
#include "index/store.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "index/bits.h"
#include "schema/check.h"

namespace earshot::index {

namespace {

constexpr std::array<std::string_view, kFamilies> kFamilyNames = {"default", "live", "removed", "pages", "digests"};
constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kIngested = ".ingest";  // ends the name of a segment's file until RocksDB has taken it

// Flushes and compactions together: a quarter of a slow disk, so that searches still get theirs.
constexpr std::int64_t kBackgroundBytesPerSecond = 64 << 20;

rocksdb::Slice slice(std::string_view text) {
  return {text.data(), text.size()};
}
std::string_view view_of(const rocksdb::Slice& text) {
  return {text.data(), text.size()};
}

Error error_of(const rocksdb::Status& status, const std::string& folder) {
  if (status.IsCorruption()) {
    return {ErrorCode::kCorrupt,
            fmt::format("the library index in '{}' is damaged ({}): move that folder aside, then import or share again",
                        folder, status.ToString())};
  }
  return {ErrorCode::kDisk, fmt::format("the library index in '{}': {}", folder, status.ToString())};
}

tl::unexpected<Error> failed(const rocksdb::Status& status, const std::string& folder) {
  return tl::unexpected<Error>(error_of(status, folder));
}

// The open database, closed with the object.
struct Database {
  std::string folder;
  std::shared_ptr<rocksdb::Cache> cache;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;

  ~Database() {
    for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    if (db) db->Close().PermitUncheckedError();
  }

  rocksdb::ColumnFamilyHandle* handle(Family family) const { return handles[static_cast<std::size_t>(family)]; }
};

std::string number_key(std::uint32_t number) {
  std::string key;
  put_u32(key, number);
  return key;
}

constexpr std::size_t kPageKey = 9;

std::array<char, kPageKey> key_of(const PageId& id) {
  std::array<char, kPageKey> key;
  for (unsigned i = 0; i < 4; ++i) {
    key[i] = static_cast<char>(id.segment >> (24 - 8 * i));
    key[5 + i] = static_cast<char>(id.number >> (24 - 8 * i));
  }
  key[4] = static_cast<char>(id.kind);
  return key;
}

std::uint32_t check_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(XXH3_64bits(bytes.data(), bytes.size()));
}

// Takes the check off the end of a page; false when it is wrong.
bool take_check(std::string& bytes) {
  constexpr std::size_t kCheck = sizeof(std::uint32_t);
  if (bytes.size() < kCheck) return false;
  const auto check = number_at<std::uint32_t>(bytes.data() + bytes.size() - kCheck);
  bytes.resize(bytes.size() - kCheck);
  return check == check_of(bytes);
}

class RocksBatch final : public Batch {
 public:
  explicit RocksBatch(std::shared_ptr<const Database> database) : database_(std::move(database)) {}

  void put(Family family, std::string_view key, std::string_view value) override {
    keep(batch_.Put(database_->handle(family), slice(key), slice(value)));
  }
  void erase(Family family, std::string_view key) override {
    keep(batch_.Delete(database_->handle(family), slice(key)));
  }

  void erase_all(Family family, std::uint32_t source) override {
    keep(batch_.DeleteRange(database_->handle(family), number_key(source), number_key(source + 1)));
  }

  const rocksdb::Status& status() const { return status_; }
  rocksdb::WriteBatch& changes() { return batch_; }

 private:
  void keep(const rocksdb::Status& status) {
    if (status_.ok()) status_ = status;
  }

  std::shared_ptr<const Database> database_;
  rocksdb::WriteBatch batch_;
  rocksdb::Status status_;
};

class RocksStore final : public Store {
 public:
  RocksStore(std::shared_ptr<Database> database, bool sync) : database_(std::move(database)) { write_.sync = sync; }

  Result<std::optional<std::string>> get(Family family, std::string_view key) const override {
    std::string value;
    const rocksdb::Status status = database_->db->Get(reading(), database_->handle(family), slice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return failed(status, database_->folder);
    return std::optional<std::string>(std::move(value));
  }

  Result<void> scan(Family family, const Visit& visit) const override {
    const std::unique_ptr<rocksdb::Iterator> at(database_->db->NewIterator(reading(), database_->handle(family)));
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      if (!visit(view_of(at->key()), view_of(at->value()))) break;
    }
    if (!at->status().ok()) return failed(at->status(), database_->folder);
    return {};
  }

  Result<std::string> page(Family family, const PageId& id) const override {
    auto stored = page_if_there(family, id);
    if (!stored) return tl::unexpected(stored.error());
    if (!*stored) return damaged("missing page");
    return std::move(**stored);
  }

  Result<std::optional<std::string>> page_if_there(Family family, const PageId& id) const override {
    const auto key = key_of(id);
    auto stored = get(family, {key.data(), key.size()});
    if (!stored || !*stored) return stored;
    std::string& bytes = **stored;
    if (!take_check(bytes)) return damaged("page check");
    return stored;
  }

  Result<void> scan_pages(Family family, std::uint32_t segment, const VisitPage& visit) const override {
    const std::unique_ptr<rocksdb::Iterator> at(database_->db->NewIterator(reading(), database_->handle(family)));
    for (at->Seek(number_key(segment)); at->Valid(); at->Next()) {
      const std::string_view key = view_of(at->key());
      if (key.size() != kPageKey) return damaged("page key");
      if (u32_at(key) != segment) break;
      std::string bytes(view_of(at->value()));
      if (!take_check(bytes)) return damaged("page check");
      if (!visit({segment, static_cast<PageKind>(key[4]), u32_at(key.substr(5))}, bytes)) break;
    }
    if (!at->status().ok()) return failed(at->status(), database_->folder);
    return {};
  }

  Result<std::vector<std::uint32_t>> segments_of(Family family) const override {
    std::vector<std::uint32_t> segments;
    const std::unique_ptr<rocksdb::Iterator> at(database_->db->NewIterator(reading(), database_->handle(family)));
    for (at->SeekToFirst(); at->Valid(); at->Seek(number_key(segments.back() + 1))) {
      if (at->key().size() != kPageKey) return damaged("page key");
      segments.push_back(u32_at(view_of(at->key())));
      if (segments.back() == 0xFFFFFFFF) break;
    }
    if (!at->status().ok()) return failed(at->status(), database_->folder);
    return segments;
  }

  Result<void> ingest(Family family, std::uint32_t segment, std::vector<NewPage> pages) override {
    std::sort(pages.begin(), pages.end(), [](const NewPage& a, const NewPage& b) {
      return a.kind != b.kind ? a.kind < b.kind : a.number < b.number;
    });
    const std::string file = database_->folder + "/" + std::to_string(static_cast<unsigned>(family)) + "-" +
                             std::to_string(segment) + std::string(kIngested);
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), database_->db->GetOptions(database_->handle(family)),
                                  database_->handle(family));
    rocksdb::Status status = writer.Open(file);
    for (NewPage& page : pages) {
      if (!status.ok()) break;
      const auto key = key_of({segment, page.kind, page.number});
      put_number(page.bytes, check_of(page.bytes));
      status = writer.Put(rocksdb::Slice(key.data(), key.size()), page.bytes);
      page.bytes = std::string();
    }
    if (status.ok()) status = writer.Finish();
    rocksdb::IngestExternalFileOptions options;
    options.move_files = true;
    if (status.ok()) status = database_->db->IngestExternalFile(database_->handle(family), {file}, options);
    if (!status.ok()) return failed(status, database_->folder);
    return {};
  }

  Result<void> erase_orphans(std::span<const std::uint32_t> segments) override {
    std::vector<std::pair<std::string, std::string>> orphans;
    const std::unique_ptr<rocksdb::Iterator> at(
        database_->db->NewIterator(reading(), database_->handle(Family::kPages)));
    for (at->SeekToFirst(); at->Valid();) {
      if (at->key().size() != kPageKey) return damaged("page key");
      const std::uint32_t segment = u32_at(view_of(at->key()));
      if (!std::binary_search(segments.begin(), segments.end(), segment)) {
        orphans.emplace_back(number_key(segment), number_key(segment + 1));
      }
      at->Seek(number_key(segment + 1));
    }
    if (!at->status().ok()) return failed(at->status(), database_->folder);
    for (const auto& [begin, end] : orphans) {
      const auto erased = database_->db->DeleteRange(write_, database_->handle(Family::kPages), begin, end);
      if (!erased.ok()) return failed(erased, database_->folder);
    }
    return {};
  }

  Result<void> flush() override {
    rocksdb::Status status = database_->db->Flush(rocksdb::FlushOptions(), database_->handles);
    for (auto* handle : database_->handles) {
      if (status.ok()) status = database_->db->CompactRange(rocksdb::CompactRangeOptions(), handle, nullptr, nullptr);
    }
    if (!status.ok()) return failed(status, database_->folder);
    return {};
  }

  Result<void> write(std::unique_ptr<Batch> batch) override {
    auto& changes = static_cast<RocksBatch&>(*batch);
    if (!changes.status().ok()) return failed(changes.status(), database_->folder);
    const rocksdb::Status status = database_->db->Write(write_, &changes.changes());
    if (!status.ok()) return failed(status, database_->folder);
    return {};
  }

  std::unique_ptr<Batch> batch() override { return std::make_unique<RocksBatch>(database_); }

  std::uint64_t bytes_on_disk() const override {
    std::uint64_t bytes = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(database_->folder, error)) {
      const auto size = entry.file_size(error);
      if (!error) bytes += size;
    }
    return bytes;
  }

  tl::unexpected<Error> damaged(std::string_view what) const override {
    return failed(rocksdb::Status::Corruption(slice(what)), database_->folder);
  }

 private:
  static rocksdb::ReadOptions reading() {
    rocksdb::ReadOptions options;
    options.verify_checksums = true;
    options.fill_cache = false;  // pages are cached unpacked, and everything else is read once
    return options;
  }

  std::shared_ptr<Database> database_;
  rocksdb::WriteOptions write_;
};

rocksdb::DBOptions database_options(const std::shared_ptr<rocksdb::Cache>& cache, std::size_t cache_bytes) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.paranoid_checks = true;
  options.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(cache_bytes / 2, cache);
  options.max_total_wal_size = cache_bytes;  // RocksDB's own choice would be ten times that
  options.max_background_jobs = 2;
  options.rate_limiter.reset(rocksdb::NewGenericRateLimiter(kBackgroundBytesPerSecond));
  options.max_open_files = 256;
  options.info_log_level = rocksdb::InfoLogLevel::ERROR_LEVEL;
  options.keep_log_file_num = 2;
  return options;
}

rocksdb::ColumnFamilyOptions family_options(Family family, const std::shared_ptr<rocksdb::Cache>& cache,
                                            std::size_t cache_bytes) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.format_version = 5;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = std::max<std::size_t>(cache_bytes / 4, 1u << 20);
  options.level_compaction_dynamic_level_bytes = true;
  // Pages are packed already, and what is live is soon a page.
  options.compression = rocksdb::kNoCompression;
  if (family == Family::kPages || family == Family::kDigests) table.block_size = 16 * 1024;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

tl::unexpected<Error> refuse_format(const std::string& folder, std::string_view format) {
  return fail(
      ErrorCode::kUnsupported,
      "the library index in '{}' has format {}, this program knows up to {}: update earshot, or move that folder "
      "aside and import again",
      folder, format, kFormat);
}

Result<void> check_format(const std::string& folder, const std::string& text) {
  std::uint32_t format = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), format);
  if (error != std::errc() || end != text.data() + text.size() || format == 0) {
    return failed(rocksdb::Status::Corruption("unreadable format number"), folder);
  }
  if (format > kFormat) return refuse_format(folder, text);
  return {};
}

// A newer format may keep other families: then nothing of it is touched.
Result<void> refuse_foreign_families(const rocksdb::DBOptions& options, const std::string& folder) {
  std::vector<std::string> names;
  if (!rocksdb::DB::ListColumnFamilies(options, folder, &names).ok())
    return {};  // nothing there yet, or Open says what
  for (const std::string& name : names) {
    if (std::find(kFamilyNames.begin(), kFamilyNames.end(), name) == kFamilyNames.end()) {
      return refuse_format(folder, "with '" + name + "'");
    }
  }
  return {};
}

Result<void> claim_format(Database& database) {
  std::string format;
  auto* state = database.handle(Family::kState);
  const rocksdb::Status status = database.db->Get(rocksdb::ReadOptions(), state, slice(kFormatKey), &format);
  if (!status.ok() && !status.IsNotFound()) return failed(status, database.folder);
  if (status.ok()) {
    if (auto checked = check_format(database.folder, format); !checked) return checked;
    // An older one is read as it is, and what is written from now on is ours.
    if (format == std::to_string(kFormat)) return {};
  }
  rocksdb::WriteOptions durable;
  durable.sync = true;
  const rocksdb::Status written = database.db->Put(durable, state, slice(kFormatKey), std::to_string(kFormat));
  if (!written.ok()) return failed(written, database.folder);
  return {};
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& folder, const StoreOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(ErrorCode::kDisk, "the library index in '{}': {}", folder.string(), error.message());
  const auto cache = rocksdb::NewLRUCache(options.cache_bytes);
  const rocksdb::DBOptions settings = database_options(cache, options.cache_bytes);
  if (auto known = refuse_foreign_families(settings, folder.string()); !known) return tl::unexpected(known.error());

  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (std::size_t i = 0; i < kFamilies; ++i) {
    families.emplace_back(std::string(kFamilyNames[i]),
                          family_options(static_cast<Family>(i), cache, options.cache_bytes));
  }
  auto database = std::make_shared<Database>();
  database->folder = folder.string();
  database->cache = cache;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(settings, folder.string(), families, &database->handles, &opened);
  if (!status.ok()) return failed(status, folder.string());
  database->db.reset(opened);
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == kIngested) std::filesystem::remove(entry.path(), error);
  }
  if (auto claimed = claim_format(*database); !claimed) return tl::unexpected(claimed.error());
  return std::make_unique<RocksStore>(std::move(database), options.sync);
}

std::string page_key(const PageId& id) {
  const auto key = key_of(id);
  return {key.data(), key.size()};
}

void put_page(Batch& batch, Family family, const PageId& id, std::string bytes) {
  put_number(bytes, check_of(bytes));
  batch.put(family, page_key(id), bytes);
}

void put_u32(std::string& key, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(number >> shift));
}

std::uint32_t u32_at(std::string_view bytes) {
  EARSHOT_CHECK(bytes.size() >= 4);
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}
}  // namespace earshot::index
