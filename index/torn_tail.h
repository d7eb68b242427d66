// What a power cut may leave at the end of a file that RocksDB appends to (its write-ahead logs and its manifest): a last
// write that is whole by its length and wrong by its checksum, where a disk had stored the size before the bytes.
//
// RocksDB drops a last write that is too short; one with a wrong checksum it calls damage, and refuses the open. Such a
// write was never synced, hence never acknowledged. Where it was (one rotten byte in the very last write), the watermark
// (index/watermark.h) or a table that is missing refuses the open afterwards.
#pragma once

#include <filesystem>

namespace earshot::index {

/// Cuts the last fragment off the newest log and off the manifest of the database in `folder`, each only if that fragment
/// ends with its file and its checksum is wrong. False: there was none, or it could not be cut.
/// Source: RocksDB's log format, blocks of 32 KiB of fragments {crc32c:u32 length:u16 type:u8 bytes}, little-endian.
bool cut_torn_tails(const std::filesystem::path& folder);

}  // namespace earshot::index
