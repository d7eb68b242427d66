// Bookkeeping around the real file system.
#include "tests/index/faulty_disk.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

namespace earshot::index {

namespace fs = std::filesystem;
using rocksdb::IOStatus;

namespace {

std::string text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

class FaultyDisk::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(FaultyDisk& disk, std::string name, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), name_(std::move(name)) {}

  IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                  rocksdb::IODebugContext* debug) override {
    if (auto status = disk_.step(); !status.ok()) return status;
    if (auto status = disk_.take_room(data.size()); !status.ok()) return status;
    auto status = target()->Append(data, options, debug);
    if (status.ok()) disk_.wrote(name_, data.size());
    return status;
  }
  IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options, const rocksdb::DataVerificationInfo&,
                  rocksdb::IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override { return sync(); }
  IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override { return sync(); }
  IOStatus RangeSync(std::uint64_t, std::uint64_t, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return IOStatus::OK();
  }
  IOStatus Close(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    return target()->Close(options, debug);
  }

 private:
  // The bytes are in the page cache, which survives everything but a power cut; so nothing is synced for real.
  IOStatus sync() {
    if (auto status = disk_.step(); !status.ok()) return status;
    if (auto status = target()->Flush(rocksdb::IOOptions(), nullptr); !status.ok()) return status;
    disk_.synced(name_);
    return IOStatus::OK();
  }

  FaultyDisk& disk_;
  std::string name_;
};

class FaultyDisk::Folder final : public rocksdb::FSDirectory {
 public:
  Folder(FaultyDisk& disk, std::string name) : disk_(disk), name_(std::move(name)) {}
  IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    if (auto status = disk_.step(); !status.ok()) return status;
    disk_.entered(name_);
    return IOStatus::OK();
  }
  IOStatus FsyncWithDirOptions(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug,
                               const rocksdb::DirFsyncOptions&) override {
    return Fsync(options, debug);
  }

 private:
  FaultyDisk& disk_;
  std::string name_;
};

FaultyDisk::FaultyDisk(Random random, bool honest)
    : FileSystemWrapper(rocksdb::FileSystem::Default()),
      honest_(honest),
      left_(std::numeric_limits<std::int64_t>::max()),
      random_(random) {}

IOStatus FaultyDisk::step() {
  return --left_ < 0 ? IOStatus::IOError("the power is off") : IOStatus::OK();
}

void FaultyDisk::set_room(std::optional<std::uint64_t> bytes) {
  const std::lock_guard lock(mutex_);
  room_ = bytes;
}

IOStatus FaultyDisk::take_room(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (!room_) return IOStatus::OK();
  if (*room_ < bytes) return IOStatus::NoSpace("no space left");
  *room_ -= bytes;
  return IOStatus::OK();
}

void FaultyDisk::wrote(const std::string& name, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  files_[name].written += bytes;
}

void FaultyDisk::synced(const std::string& name) {
  if (!honest_) return;
  const std::lock_guard lock(mutex_);
  State& state = files_[name];
  state.synced = state.written;
  state.is_entered = true;
}

void FaultyDisk::entered(const std::string& folder) {
  if (!honest_) return;
  const std::lock_guard lock(mutex_);
  for (auto& [name, state] : files_) {
    if (fs::path(name).parent_path() == fs::path(folder)) state.is_entered = true;
  }
  std::erase_if(renamed_, [&](const Renamed& one) { return fs::path(one.to).parent_path() == fs::path(folder); });
}

IOStatus FaultyDisk::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                     std::unique_ptr<rocksdb::FSWritableFile>* file, rocksdb::IODebugContext* debug) {
  if (auto status = step(); !status.ok()) return status;
  auto status = target()->NewWritableFile(name, options, file, debug);
  if (!status.ok()) return status;
  const std::lock_guard lock(mutex_);
  files_[name] = State();
  *file = std::make_unique<File>(*this, name, std::move(*file));
  return status;
}

IOStatus FaultyDisk::ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSWritableFile>* file, rocksdb::IODebugContext* debug) {
  if (auto status = step(); !status.ok()) return status;
  auto status = target()->ReopenWritableFile(name, options, file, debug);
  if (!status.ok()) return status;
  const std::lock_guard lock(mutex_);
  if (!files_.contains(name)) {
    // It was there before this disk was.
    const std::uint64_t size = fs::file_size(name);
    files_[name] = {size, size, true};
  }
  *file = std::make_unique<File>(*this, name, std::move(*file));
  return status;
}

IOStatus FaultyDisk::ReuseWritableFile(const std::string&, const std::string&, const rocksdb::FileOptions&,
                                       std::unique_ptr<rocksdb::FSWritableFile>*, rocksdb::IODebugContext*) {
  return IOStatus::NotSupported("files are not reused");
}

IOStatus FaultyDisk::NewDirectory(const std::string& name, const rocksdb::IOOptions&,
                                  std::unique_ptr<rocksdb::FSDirectory>* folder, rocksdb::IODebugContext*) {
  *folder = std::make_unique<Folder>(*this, name);
  return IOStatus::OK();
}

IOStatus FaultyDisk::DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                                rocksdb::IODebugContext* debug) {
  if (auto status = step(); !status.ok()) return status;
  auto status = target()->DeleteFile(name, options, debug);
  const std::lock_guard lock(mutex_);
  if (status.ok()) files_.erase(name);
  return status;
}

IOStatus FaultyDisk::RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                                rocksdb::IODebugContext* debug) {
  if (auto status = step(); !status.ok()) return status;
  const bool had = fs::exists(to);
  Renamed renamed{to, had ? std::optional(text_of(to)) : std::nullopt};
  auto status = target()->RenameFile(from, to, options, debug);
  if (!status.ok()) return status;
  const std::lock_guard lock(mutex_);
  renamed_.push_back(std::move(renamed));
  const auto at = files_.find(from);
  if (at == files_.end()) return status;
  files_[to] = at->second;
  files_[to].is_entered = true;  // whether the rename stays is decided by renamed_
  files_.erase(from);
  return status;
}

IOStatus FaultyDisk::LinkFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) {
  if (auto status = step(); !status.ok()) return status;
  auto status = target()->LinkFile(from, to, options, debug);
  if (!status.ok()) return status;
  const std::lock_guard lock(mutex_);
  const auto at = files_.find(from);
  if (at != files_.end()) {
    files_[to] = at->second;
    files_[to].is_entered = false;
  }
  return status;
}

IOStatus FaultyDisk::Truncate(const std::string& name, std::size_t size, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) {
  if (auto status = step(); !status.ok()) return status;
  auto status = target()->Truncate(name, size, options, debug);
  const std::lock_guard lock(mutex_);
  if (status.ok()) files_[name].written = size;
  return status;
}

IOStatus FaultyDisk::GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options, std::uint64_t* free,
                                  rocksdb::IODebugContext* debug) {
  {
    const std::lock_guard lock(mutex_);
    if (room_) {
      *free = *room_;
      return IOStatus::OK();
    }
  }
  return target()->GetFreeSpace(path, options, free, debug);
}

void FaultyDisk::cut() {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, state] : files_) {
    if (!fs::exists(name)) continue;
    if (!state.is_entered && random_.chance(1, 2)) {
      fs::remove(name);
      continue;
    }
    const std::uint64_t size = fs::file_size(name);
    if (size <= state.synced) continue;
    // Often all of it is there but for the last byte: such a write is whole by its length and wrong by its checksum.
    const std::uint64_t kept = random_.chance(1, 4) ? size : state.synced + random_.below(size - state.synced + 1);
    fs::resize_file(name, kept);
    if (kept == state.synced || !random_.chance(1, 2)) continue;
    std::fstream torn(name, std::ios::in | std::ios::out | std::ios::binary);
    torn.seekp(static_cast<std::streamoff>(kept - 1));
    torn.put(static_cast<char>(random_.below(256)));
  }
  for (auto one = renamed_.rbegin(); one != renamed_.rend(); ++one) {
    if (!random_.chance(1, 2)) break;  // what came before it stays too
    if (one->before) {
      std::ofstream(one->to, std::ios::binary) << *one->before;
    } else {
      fs::remove(one->to);
    }
  }
  files_.clear();
  renamed_.clear();
}

}  // namespace earshot::index
