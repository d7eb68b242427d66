// A disk for tests: loses power, or runs full. What RocksDB writes goes to real files; when the power fails, everything
// after that moment fails, and cut() leaves of each file what was synced and a random part of what was not.
//
// Model of a power cut: synced bytes stay. Unsynced bytes of a file stay up to a random length, and in one of four files
// the last of them is another byte (a torn sector). A new file may be gone unless it, or its folder, was synced. A rename
// may be undone unless the folder was synced. Syncing a new file is taken to keep its name, as ext4, XFS and btrfs do and
// POSIX does not promise: RocksDB itself relies on it when it names a new manifest, and where it is not so the rig finds
// a CURRENT without its manifest once in some hundred cuts.
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "schema/random.h"

namespace earshot::index {

class FaultyDisk final : public rocksdb::FileSystemWrapper {
 public:
  /// `honest`: false forgets to sync and says it did.
  FaultyDisk(Random random, bool honest);

  /// The power fails at that many writes and syncs from now.
  void fail_after(std::uint64_t operations) { left_ = static_cast<std::int64_t>(operations); }
  bool is_dead() const { return left_ < 0; }

  /// Room for that many bytes more; nothing: as much as there is.
  void set_room(std::optional<std::uint64_t> bytes);

  /// Makes of the files what the power cut left. REQUIRES: nobody has them open.
  void cut();

  const char* Name() const override { return "FaultyDisk"; }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReuseWritableFile(const std::string& name, const std::string& old, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* folder, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus Truncate(const std::string& name, std::size_t size, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options, std::uint64_t* free,
                                 rocksdb::IODebugContext* debug) override;

 private:
  class File;
  class Folder;
  struct State {
    std::uint64_t written = 0;
    std::uint64_t synced = 0;
    bool is_entered = false;  // its folder was synced since it was made
  };
  struct Renamed {
    std::string to;
    std::optional<std::string> before;  // what the name held
  };

  rocksdb::IOStatus step();
  rocksdb::IOStatus take_room(std::uint64_t bytes);
  void wrote(const std::string& name, std::uint64_t bytes);
  void synced(const std::string& name);
  void entered(const std::string& folder);

  const bool honest_;
  std::atomic<std::int64_t> left_;
  std::mutex mutex_;
  Random random_;                         // guarded by mutex_, as is what follows
  std::optional<std::uint64_t> room_;
  std::map<std::string, State> files_;
  std::vector<Renamed> renamed_;
};

}  // namespace earshot::index
