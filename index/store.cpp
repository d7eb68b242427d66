// RocksDB: options, column families, and its errors in our words.
#include "index/store.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <array>
#include <charconv>

#include "schema/check.h"

namespace earshot::index {

namespace {

constexpr std::array<std::string_view, kFamilies> kFamilyNames = {"default", "live", "records", "contents", "postings"};
constexpr std::string_view kFormatKey = "format";

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view_of(const rocksdb::Slice& text) { return {text.data(), text.size()}; }

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

// The open database. Views hold it too, so it closes when the last of them is gone.
struct Database {
  std::string folder;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;

  ~Database() {
    for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    if (db) db->Close().PermitUncheckedError();
  }

  rocksdb::ColumnFamilyHandle* handle(Family family) const { return handles[static_cast<std::size_t>(family)]; }
};

class RocksBatch final : public Batch {
 public:
  explicit RocksBatch(std::shared_ptr<const Database> database) : database_(std::move(database)) {}

  void put(Family family, std::string_view key, std::string_view value) override {
    keep(batch_.Put(database_->handle(family), slice(key), slice(value)));
  }
  void erase(Family family, std::string_view key) override { keep(batch_.Delete(database_->handle(family), slice(key))); }

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

class RocksView final : public View {
 public:
  explicit RocksView(std::shared_ptr<const Database> database)
      : database_(std::move(database)), snapshot_(database_->db->GetSnapshot()) {}
  ~RocksView() override { database_->db->ReleaseSnapshot(snapshot_); }
  RocksView(const RocksView&) = delete;
  RocksView& operator=(const RocksView&) = delete;

  Result<std::optional<std::string>> get(Family family, std::string_view key) const override {
    std::string value;
    const rocksdb::Status status = database_->db->Get(options(), database_->handle(family), slice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return failed(status, database_->folder);
    return std::optional<std::string>(std::move(value));
  }

  Result<std::vector<std::optional<std::string>>> get_all(Family family, std::span<const std::string> keys) const override {
    std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
    std::vector<rocksdb::PinnableSlice> values(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    database_->db->MultiGet(options(), database_->handle(family), keys.size(), slices.data(), values.data(), statuses.data());
    std::vector<std::optional<std::string>> found(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (statuses[i].ok()) {
        found[i] = values[i].ToString();
      } else if (!statuses[i].IsNotFound()) {
        return failed(statuses[i], database_->folder);
      }
    }
    return found;
  }

  Result<void> scan(Family family, std::string_view prefix, const Visit& visit) const override {
    rocksdb::ReadOptions bounded = options();
    std::string end(prefix);
    while (!end.empty() && end.back() == '\xFF') end.pop_back();
    if (!end.empty()) ++end.back();
    const rocksdb::Slice bound(end);
    if (!end.empty()) bounded.iterate_upper_bound = &bound;
    // Only `contents` has a prefix filter: most of its scans are for ids that are not there.
    bounded.prefix_same_as_start = family == Family::kContents && prefix.size() >= kContentPrefix;
    bounded.total_order_seek = !bounded.prefix_same_as_start;
    const std::unique_ptr<rocksdb::Iterator> at(database_->db->NewIterator(bounded, database_->handle(family)));
    for (at->Seek(slice(prefix)); at->Valid(); at->Next()) {
      if (!visit(view_of(at->key()), view_of(at->value()))) break;
    }
    if (!at->status().ok()) return failed(at->status(), database_->folder);
    return {};
  }

  tl::unexpected<Error> damaged(std::string_view what) const override {
    return failed(rocksdb::Status::Corruption(slice(what)), database_->folder);
  }

 private:
  rocksdb::ReadOptions options() const {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    options.verify_checksums = true;
    return options;
  }

  std::shared_ptr<const Database> database_;
  const rocksdb::Snapshot* snapshot_;
};

class RocksStore final : public Store {
 public:
  RocksStore(std::shared_ptr<Database> database, bool sync) : database_(std::move(database)) { write_.sync = sync; }

  Result<void> write(std::unique_ptr<Batch> batch) override {
    auto& changes = static_cast<RocksBatch&>(*batch);
    if (!changes.status().ok()) return failed(changes.status(), database_->folder);
    const rocksdb::Status status = database_->db->Write(write_, &changes.changes());
    if (!status.ok()) return failed(status, database_->folder);
    return {};
  }

  std::unique_ptr<Batch> batch() override { return std::make_unique<RocksBatch>(database_); }
  std::shared_ptr<const View> view() override { return std::make_shared<RocksView>(database_); }

  std::uint64_t bytes_on_disk() const override {
    std::uint64_t bytes = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(database_->folder, error)) {
      const auto size = entry.file_size(error);
      if (!error) bytes += size;
    }
    return bytes;
  }

 private:
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
  options.max_background_jobs = 2;
  options.max_open_files = 256;
  options.info_log_level = rocksdb::InfoLogLevel::ERROR_LEVEL;
  options.keep_log_file_num = 2;
  return options;
}

rocksdb::ColumnFamilyOptions family_options(Family family, const std::shared_ptr<rocksdb::Cache>& cache, std::size_t cache_bytes) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = std::max<std::size_t>(cache_bytes / 4, 1u << 20);
  options.compression = rocksdb::kZSTD;
  options.level_compaction_dynamic_level_bytes = true;
  if (family == Family::kRecords) {
    // Rows of one dictionary compress to a third; measured in 4 KiB blocks, which one look-up has to unpack.
    options.compression_opts.max_dict_bytes = 64 * 1024;
    options.compression_opts.zstd_max_train_bytes = 100 * 64 * 1024;
  }
  if (family == Family::kContents) {
    options.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(kContentPrefix));
    options.memtable_prefix_bloom_size_ratio = 0.1;
    options.compression = rocksdb::kNoCompression;  // hashes
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

tl::unexpected<Error> refuse_format(const std::string& folder, std::string_view format) {
  return fail(ErrorCode::kUnsupported,
              "the library index in '{}' has format {}, this program knows up to {}: update earshot, or move that folder "
              "aside and import again", folder, format, kFormat);
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
  if (!rocksdb::DB::ListColumnFamilies(options, folder, &names).ok()) return {};  // nothing there yet, or Open says what
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
  if (status.ok()) return check_format(database.folder, format);
  if (!status.IsNotFound()) return failed(status, database.folder);
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
    families.emplace_back(std::string(kFamilyNames[i]), family_options(static_cast<Family>(i), cache, options.cache_bytes));
  }
  auto database = std::make_shared<Database>();
  database->folder = folder.string();
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(settings, folder.string(), families, &database->handles, &opened);
  if (!status.ok()) return failed(status, folder.string());
  database->db.reset(opened);
  if (auto claimed = claim_format(*database); !claimed) return tl::unexpected(claimed.error());
  return std::make_unique<RocksStore>(std::move(database), options.sync);
}

void put_u32(std::string& key, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(number >> shift));
}

void put_u16(std::string& key, std::uint16_t number) {
  key.push_back(static_cast<char>(number >> 8));
  key.push_back(static_cast<char>(number));
}

std::uint32_t u32_at(std::string_view bytes) {
  return std::uint32_t{u16_at(bytes)} << 16 | u16_at(bytes.substr(2));
}

std::uint16_t u16_at(std::string_view bytes) {
  EARSHOT_CHECK(bytes.size() >= 2);
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) << 8 | static_cast<unsigned char>(bytes[1]));
}

}  // namespace earshot::index
