// What the storage below an index counts and says about itself, for people and scripts. The numbers are RocksDB's own.
#pragma once

#include <cstdint>
#include <string>

namespace earshot::index {

struct Storage {
  std::uint64_t bytes_on_disk = 0;
  std::uint64_t table_bytes = 0;   // sealed data, checksummed block by block
  std::uint64_t table_files = 0;
  std::uint64_t log_bytes = 0;     // changes that are in no table yet
  std::uint64_t memory_bytes = 0;  // caches and write buffers
  std::uint64_t disk_limit = 0;    // 0: none
  // Since the index was opened:
  std::uint64_t bytes_added = 0;  // handed over in changes
  std::uint64_t bytes_flushed = 0;
  std::uint64_t bytes_compacted = 0;
  std::uint64_t syncs = 0;
  std::uint64_t stalled_us = 0;  // writers waited for background work
  // Writing, or sealing what was written, has stopped after an error of the disk; it resumes by itself.
  bool is_paused = false;
  std::string trouble;  // the last such error
};

}  // namespace earshot::index
