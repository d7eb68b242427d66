// One hidden file an upload, appended to.
#include "tools/node/uploads.h"

namespace earshot::node {

Result<std::uint64_t> Uploads::begin(std::string_view name, std::uint64_t size) {
  if (size == 0 || size > kMaxBytes) {
    return fail(ErrorCode::kInvalid, "a file of {} bytes cannot be taken: 1 to {} can (share its folder instead)", size,
                kMaxBytes);
  }
  if (open_.size() >= kMaxOpen) return fail(ErrorCode::kExhausted, "{} files are on their way already", open_.size());
  auto file = PartFile::create(folder_);
  if (!file) return tl::unexpected(file.error());
  open_.emplace(++last_, Upload{tidy_file_name(name), size, 0, std::move(*file)});
  return last_;
}

Result<Uploads::State> Uploads::add(std::uint64_t upload, std::uint64_t offset, std::string_view piece) {
  const auto found = open_.find(upload);
  if (found == open_.end()) return fail(ErrorCode::kNotFound, "no upload has the number {}", upload);
  Upload& open = found->second;
  if (offset != open.received) {
    return fail(ErrorCode::kInvalid, "the next piece begins at {}, not at {}", open.received, offset);
  }
  if (piece.empty() || piece.size() > open.size - open.received) {
    return fail(ErrorCode::kInvalid, "{} bytes do not fit: {} are missing", piece.size(), open.size - open.received);
  }
  const auto written = open.file->append(as_bytes(piece));
  if (!written) {
    open_.erase(found);
    return tl::unexpected(written.error());
  }
  open.received += piece.size();
  State state{open.received, std::nullopt};
  if (open.received < open.size) return state;
  auto kept = open.file->keep_as(folder_ / open.name);
  open_.erase(found);
  if (!kept) return tl::unexpected(kept.error());
  state.file = std::move(*kept);
  return state;
}

}  // namespace earshot::node
