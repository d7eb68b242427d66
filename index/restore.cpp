// The way back from a backup; Store::back_up is the way there.
#include <rocksdb/env.h>
#include <rocksdb/utilities/backup_engine.h>

#include "index/store.h"

namespace earshot::index {

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

}  // namespace earshot::index
