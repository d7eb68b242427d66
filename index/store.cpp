// RocksDB: options, column families, and its errors in our words.
#include "index/store.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/sst_file_manager.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/statistics.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/backup_engine.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_buffer_manager.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <mutex>

#include "index/bits.h"
#include "index/watermark.h"
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
  // A file that the database names and that is not there.
  const bool is_gone = status.IsIOError() && status.subcode() == rocksdb::Status::kPathNotFound;
  if (status.IsCorruption() || is_gone) {
    return {ErrorCode::kCorrupt,
            fmt::format("the library index in '{}' is damaged ({}): move that folder aside, then import or share again",
                        folder, status.ToString())};
  }
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kSpaceLimit) {
    return {ErrorCode::kDisk, fmt::format("the library index in '{}': no room left; searches go on, and changes are taken "
                                          "again a few seconds after there is room",
                                          folder)};
  }
  return {ErrorCode::kDisk, fmt::format("the library index in '{}': {}", folder, status.ToString())};
}

tl::unexpected<Error> failed(const rocksdb::Status& status, const std::string& folder) {
  return tl::unexpected<Error>(error_of(status, folder));
}

// Remembers whether RocksDB has stopped writing, and why, and that it ever did: RocksDB 7.8 recovers by itself, but asked
// to ingest a file after that it aborts the process (an assertion), for as long as the database is open.
class Trouble final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) override {
    if (error->severity() >= rocksdb::Status::kHardError) set(true, error->ToString());  // softer: changes are taken
  }
  void OnErrorRecoveryEnd(const rocksdb::BackgroundErrorRecoveryInfo& info) override {
    if (info.new_bg_error.ok()) {
      set(false, {});
    } else {
      set(true, info.new_bg_error.ToString());
    }
  }

  bool has_been() const {
    const std::lock_guard lock(mutex_);
    return !what_.empty();
  }

  void tell(Storage& storage) const {
    const std::lock_guard lock(mutex_);
    storage.is_paused = is_paused_;
    storage.trouble = what_;
  }

 private:
  void set(bool is_paused, std::string what) {
    const std::lock_guard lock(mutex_);
    is_paused_ = is_paused;
    if (is_paused) what_ = std::move(what);
  }

  mutable std::mutex mutex_;
  bool is_paused_ = false;  // guarded by mutex_
  std::string what_;        // guarded by mutex_
};

// The open database, closed with the object.
struct Database {
  std::string folder;
  std::unique_ptr<rocksdb::Env> env;  // of a test's disk; null: the machine's
  std::shared_ptr<rocksdb::Statistics> statistics;
  std::shared_ptr<rocksdb::SstFileManager> files;
  std::shared_ptr<Trouble> trouble;
  std::uint64_t disk_limit = 0;
  std::optional<Watermark> watermark;  // when changes are synced
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

  // Key by key, although RocksDB can erase a range: a compaction whose output is nothing but an erased range aborts the
  // process (an assertion of 7.8, on in Debian's library) when the disk refuses that empty table.
  void erase_all(Family family, std::uint32_t source) override {
    rocksdb::ReadOptions options;
    const std::string end = number_key(source + 1);
    const rocksdb::Slice bound(end);
    options.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> at(database_->db->NewIterator(options, database_->handle(family)));
    for (at->Seek(number_key(source)); at->Valid(); at->Next())
      keep(batch_.Delete(database_->handle(family), at->key()));
    keep(at->status());
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
    if (auto room = has_room_for(pages); !room) return room;
    if (database_->trouble->has_been()) return write_pages(family, segment, std::move(pages));
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
    if (!status.ok()) {
      std::error_code ignored;
      std::filesystem::remove(file, ignored);  // the next try has another name
      return failed(status, database_->folder);
    }
    return {};
  }

  Result<void> erase_orphans(std::span<const std::uint32_t> segments) override {
    RocksBatch batch(database_);
    const std::unique_ptr<rocksdb::Iterator> at(
        database_->db->NewIterator(reading(), database_->handle(Family::kPages)));
    for (at->SeekToFirst(); at->Valid();) {
      if (at->key().size() != kPageKey) return damaged("page key");
      const std::uint32_t segment = u32_at(view_of(at->key()));
      if (!std::binary_search(segments.begin(), segments.end(), segment)) batch.erase_all(Family::kPages, segment);
      at->Seek(number_key(segment + 1));
    }
    if (!at->status().ok()) return failed(at->status(), database_->folder);
    if (!batch.status().ok()) return failed(batch.status(), database_->folder);
    if (batch.changes().Count() == 0) return {};
    const auto erased = database_->db->Write(write_, &batch.changes());
    if (!erased.ok()) return failed(erased, database_->folder);
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
    if (database_->watermark) database_->watermark->write(database_->db->GetLatestSequenceNumber());
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

  Storage storage() const override {
    Storage storage;
    rocksdb::DB& db = *database_->db;
    const auto sum = [&](const std::string& property) {
      std::uint64_t number = 0;
      return db.GetAggregatedIntProperty(property, &number) ? number : 0;
    };
    storage.bytes_on_disk = bytes_on_disk();
    storage.table_bytes = sum(rocksdb::DB::Properties::kTotalSstFilesSize);
    std::vector<rocksdb::LiveFileMetaData> tables;
    db.GetLiveFilesMetaData(&tables);
    storage.table_files = tables.size();
    rocksdb::VectorLogPtr logs;
    if (db.GetSortedWalFiles(logs).ok()) {
      for (const auto& log : logs) storage.log_bytes += log->SizeFileBytes();
    }
    storage.memory_bytes = database_->cache->GetUsage() + sum(rocksdb::DB::Properties::kCurSizeAllMemTables) +
                           sum(rocksdb::DB::Properties::kEstimateTableReadersMem);
    storage.disk_limit = database_->disk_limit;
    const rocksdb::Statistics& counts = *database_->statistics;
    storage.bytes_added = counts.getTickerCount(rocksdb::BYTES_WRITTEN);
    storage.bytes_flushed = counts.getTickerCount(rocksdb::FLUSH_WRITE_BYTES);
    storage.bytes_compacted = counts.getTickerCount(rocksdb::COMPACT_WRITE_BYTES);
    storage.syncs = counts.getTickerCount(rocksdb::WAL_FILE_SYNCED);
    storage.stalled_us = counts.getTickerCount(rocksdb::STALL_MICROS);
    database_->trouble->tell(storage);
    return storage;
  }

  Result<void> verify(const std::function<bool()>& go_on) const override {
    rocksdb::ReadOptions options = reading();
    if (const auto status = database_->db->VerifyChecksum(options); !status.ok()) return failed(status, database_->folder);
    bool sound = true;
    bool wanted = true;
    auto scanned = scan(Family::kPages, [&](std::string_view key, std::string_view value) {
      constexpr std::size_t kCheck = sizeof(std::uint32_t);
      sound = key.size() == kPageKey && value.size() >= kCheck;
      if (!sound) return false;
      const auto check = number_at<std::uint32_t>(value.data() + value.size() - kCheck);
      sound = check == check_of(value.substr(0, value.size() - kCheck));
      wanted = go_on();
      return sound && wanted;
    });
    if (!scanned) return scanned;
    if (!sound) return damaged("page check");
    if (!wanted) return fail(ErrorCode::kStopped, "stopped before everything was read");
    return {};
  }

  Result<void> back_up(const std::filesystem::path& folder) override {
    rocksdb::BackupEngine* opened = nullptr;
    rocksdb::Status status =
        rocksdb::BackupEngine::Open(rocksdb::BackupEngineOptions(folder.string()), rocksdb::Env::Default(), &opened);
    const std::unique_ptr<rocksdb::BackupEngine> backups(opened);
    if (status.ok()) status = backups->CreateNewBackup(rocksdb::CreateBackupOptions(), database_->db.get());
    if (status.ok()) status = backups->PurgeOldBackups(kBackupsKept);
    if (!status.ok()) return fail(ErrorCode::kDisk, "back up into '{}': {}", folder.string(), status.ToString());
    return {};
  }

  Result<void> snapshot(const std::filesystem::path& folder) override {
    rocksdb::Checkpoint* opened = nullptr;
    rocksdb::Status status = rocksdb::Checkpoint::Create(database_->db.get(), &opened);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(opened);
    if (status.ok()) status = checkpoint->CreateCheckpoint(folder.string());
    if (!status.ok()) return failed(status, database_->folder);
    return {};
  }

  tl::unexpected<Error> damaged(std::string_view what) const override {
    return failed(rocksdb::Status::Corruption(slice(what)), database_->folder);
  }

 private:
  // RocksDB 7.8 may abort the process when it resumes after an ingestion met a full disk, so it is asked beforehand.
  Result<void> has_room_for(const std::vector<NewPage>& pages) const {
    constexpr std::uint64_t kSpare = 4u << 20;
    std::uint64_t wanted = kSpare;
    for (const NewPage& page : pages) wanted += page.bytes.size();
    std::uint64_t free = 0;
    rocksdb::Env* env = database_->env ? database_->env.get() : rocksdb::Env::Default();
    if (!env->GetFreeSpace(database_->folder, &free).ok() || free >= wanted) return {};
    return failed(rocksdb::Status::NoSpace(), database_->folder);
  }

  // The way that needs no ingestion: through the log, a few at a time. Slower, since the pages are written twice.
  Result<void> write_pages(Family family, std::uint32_t segment, std::vector<NewPage> pages) {
    constexpr std::size_t kAtOnce = 1u << 20;
    RocksBatch batch(database_);
    for (NewPage& page : pages) {
      const auto key = key_of({segment, page.kind, page.number});
      put_number(page.bytes, check_of(page.bytes));
      batch.put(family, {key.data(), key.size()}, page.bytes);
      const bool is_last = &page == &pages.back();
      if (!is_last && batch.changes().GetDataSize() < kAtOnce) continue;
      if (const auto status = database_->db->Write(write_, &batch.changes()); !status.ok())
        return failed(status, database_->folder);
      batch.changes().Clear();
    }
    return {};
  }

  static rocksdb::ReadOptions reading() {
    rocksdb::ReadOptions options;
    options.verify_checksums = true;
    options.fill_cache = false;  // pages are cached unpacked, and everything else is read once
    return options;
  }

  std::shared_ptr<Database> database_;
  rocksdb::WriteOptions write_;
};

rocksdb::DBOptions database_options(const Database& database, std::size_t cache_bytes) {
  rocksdb::DBOptions options;
  if (database.env) options.env = database.env.get();
  options.statistics = database.statistics;
  options.sst_file_manager = database.files;
  options.listeners = {database.trouble};
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.paranoid_checks = true;
  options.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(cache_bytes / 2, database.cache);
  options.max_total_wal_size = cache_bytes;  // RocksDB's own choice would be ten times that
  options.max_background_jobs = 2;
  options.rate_limiter.reset(rocksdb::NewGenericRateLimiter(kBackgroundBytesPerSecond));
  options.max_open_files = 256;
  options.info_log_level = rocksdb::InfoLogLevel::ERROR_LEVEL;
  options.keep_log_file_num = 2;
  options.stats_dump_period_sec = 0;  // nobody reads them, and a thread would
  options.stats_persist_period_sec = 0;
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

// What was acknowledged must be there.
Result<void> check_watermark(Database& database, bool sync) {
  if (!sync) {
    Watermark::remove(database.folder);
    return {};
  }
  database.watermark.emplace(std::filesystem::path(database.folder));
  const std::uint64_t acknowledged = database.watermark->read();
  const std::uint64_t recovered = database.db->GetLatestSequenceNumber();
  if (recovered >= acknowledged) return {};
  return failed(rocksdb::Status::Corruption(
                    fmt::format("the last {} acknowledged changes are missing", acknowledged - recovered)),
                database.folder);
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
  auto database = std::make_shared<Database>();
  database->folder = folder.string();
  database->cache = rocksdb::NewLRUCache(options.cache_bytes);
  if (options.disk) database->env = rocksdb::NewCompositeEnv(options.disk);
  database->statistics = rocksdb::CreateDBStatistics();
  database->statistics->set_stats_level(rocksdb::StatsLevel::kExceptHistogramOrTimers);
  database->files.reset(rocksdb::NewSstFileManager(database->env ? database->env.get() : rocksdb::Env::Default()));
  database->files->SetMaxAllowedSpaceUsage(options.disk_limit);
  database->disk_limit = options.disk_limit;
  database->trouble = std::make_shared<Trouble>();
  const rocksdb::DBOptions settings = database_options(*database, options.cache_bytes);
  if (auto known = refuse_foreign_families(settings, folder.string()); !known) return tl::unexpected(known.error());

  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (std::size_t i = 0; i < kFamilies; ++i) {
    families.emplace_back(std::string(kFamilyNames[i]),
                          family_options(static_cast<Family>(i), database->cache, options.cache_bytes));
  }
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(settings, folder.string(), families, &database->handles, &opened);
  if (!status.ok()) return failed(status, folder.string());
  database->db.reset(opened);
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == kIngested) std::filesystem::remove(entry.path(), error);
  }
  if (auto kept = check_watermark(*database, options.sync); !kept) return tl::unexpected(kept.error());
  if (auto claimed = claim_format(*database); !claimed) return tl::unexpected(claimed.error());
  return std::make_unique<RocksStore>(std::move(database), options.sync);
}

Result<void> restore_store(const std::filesystem::path& backups, const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(backups, error)) return fail(ErrorCode::kNotFound, "no backup in '{}'", backups.string());
  if (std::filesystem::exists(folder, error) && !std::filesystem::is_empty(folder, error))
    return fail(ErrorCode::kInvalid, "restore into '{}': it is not empty", folder.string());
  rocksdb::BackupEngineReadOnly* opened = nullptr;
  rocksdb::Status status = rocksdb::BackupEngineReadOnly::Open(rocksdb::BackupEngineOptions(backups.string()),
                                                               rocksdb::Env::Default(), &opened);
  const std::unique_ptr<rocksdb::BackupEngineReadOnly> engine(opened);
  std::vector<rocksdb::BackupInfo> found;
  if (status.ok()) engine->GetBackupInfo(&found);
  if (status.ok() && found.empty()) return fail(ErrorCode::kNotFound, "no backup in '{}'", backups.string());
  if (status.ok()) status = engine->VerifyBackup(found.back().backup_id, /*verify_with_checksum=*/true);
  if (status.ok()) status = engine->RestoreDBFromBackup(found.back().backup_id, folder.string(), folder.string());
  if (status.ok()) return {};
  const ErrorCode code = status.IsCorruption() ? ErrorCode::kCorrupt : ErrorCode::kDisk;
  return fail(code, "restore the backup in '{}': {}", backups.string(), status.ToString());
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
