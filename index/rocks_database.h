// The open database of an index: what opens and closes RocksDB, and says its errors in our words. For index/store.cpp.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>
#include <rocksdb/sst_file_manager.h>
#include <rocksdb/statistics.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/storage.h"
#include "index/store.h"
#include "index/watermark.h"
#include "schema/result.h"

namespace earshot::index {

inline constexpr std::string_view kIngested = ".ingest";  // ends the name of a segment's file until RocksDB has taken it

inline rocksdb::Slice slice(std::string_view text) {
  return {text.data(), text.size()};
}
inline std::string_view view_of(const rocksdb::Slice& text) {
  return {text.data(), text.size()};
}

/// kCorrupt with what to do, or kDisk.
tl::unexpected<Error> failed(const rocksdb::Status& status, const std::string& folder);

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

/// Opens or creates. Errors: those of Store::open.
Result<std::shared_ptr<Database>> open_database(const std::filesystem::path& folder, const StoreOptions& options);

}  // namespace earshot::index
