// Options, column families, formats.
#include "index/rocks_database.h"

#include <fmt/format.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "index/torn_tail.h"
#include "schema/defence.h"

namespace earshot::index {

namespace {

constexpr std::array<std::string_view, kFamilies> kFamilyNames = {"default", "live", "removed", "pages", "digests"};
constexpr std::string_view kFormatKey = "format";

// Flushes and compactions together: a quarter of a slow disk, so that searches still get theirs.
constexpr std::int64_t kBackgroundBytesPerSecond = 64 << 20;

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

rocksdb::DBOptions database_options(const Database& database, std::size_t cache_bytes) {
  rocksdb::DBOptions options;
  if (database.env) options.env = database.env.get();
  options.statistics = database.statistics;
  options.sst_file_manager = database.files;
  options.listeners = {database.trouble};
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  if (stands(Defence::kLogRecovery)) options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
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

tl::unexpected<Error> failed(const rocksdb::Status& status, const std::string& folder) {
  return tl::unexpected<Error>(error_of(status, folder));
}

Result<std::shared_ptr<Database>> open_database(const std::filesystem::path& folder, const StoreOptions& options) {
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
  const auto open = [&] { return rocksdb::DB::Open(settings, folder.string(), families, &database->handles, &opened); };
  rocksdb::Status status = open();
  if (status.IsCorruption() && cut_torn_tails(folder)) status = open();
  if (!status.ok()) return failed(status, folder.string());
  database->db.reset(opened);
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == kIngested) std::filesystem::remove(entry.path(), error);
  }
  if (auto kept = check_watermark(*database, options.sync); !kept) return tl::unexpected(kept.error());
  if (auto claimed = claim_format(*database); !claimed) return tl::unexpected(claimed.error());
  return database;
}

}  // namespace earshot::index
