// Keys, pages and changes on RocksDB.
#include "index/store.h"

#include <rocksdb/sst_file_writer.h>
#include <rocksdb/utilities/backup_engine.h>
#include <rocksdb/utilities/checkpoint.h>
#include <xxhash.h>

#include <algorithm>
#include <array>

#include "index/bits.h"
#include "index/rocks_database.h"
#include "schema/check.h"
#include "schema/defence.h"

namespace earshot::index {

namespace {

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
  RocksStore(std::shared_ptr<Database> database, bool sync) : database_(std::move(database)) {
    write_.sync = sync && stands(Defence::kSyncedChanges);
  }

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

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& folder, const StoreOptions& options) {
  auto database = open_database(folder, options);
  if (!database) return tl::unexpected(database.error());
  return std::make_unique<RocksStore>(std::move(*database), options.sync);
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
