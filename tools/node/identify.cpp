// Hashing a file, chunk by chunk.
#include "tools/node/identify.h"

#include <array>
#include <fstream>

#include "stream/ppspp/merkle_tree.h"
#include "stream/ppspp/sha256.h"

namespace earshot::node {

namespace {

constexpr std::size_t kChunk = 1024;

}  // namespace

Result<ContentId> identify(const std::filesystem::path& file, Scheme scheme) {
  if (scheme != Scheme::kPpspp)
    return fail(ErrorCode::kUnsupported, "only ppspp contents have a digest of their bytes");
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(file, error);
  std::ifstream in(file, std::ios::binary);
  if (error || !in) return fail(ErrorCode::kDisk, "read '{}'", file.string());
  const std::uint64_t chunks = (size + kChunk - 1) / kChunk;
  if (chunks == 0 || chunks > stream::ppspp::kMaxChunks)
    return fail(ErrorCode::kInvalid, "'{}' is empty or too large", file.string());
  stream::ppspp::TreeBuilder tree(chunks,
                                  [](std::uint64_t, const stream::ppspp::TreePage&) -> Result<void> { return {}; });
  std::array<char, kChunk> chunk;
  for (std::uint64_t i = 0; i < chunks; ++i) {
    in.read(chunk.data(), chunk.size());
    const auto got = static_cast<std::size_t>(in.gcount());
    if (got == 0) return fail(ErrorCode::kDisk, "'{}' changed while it was read", file.string());
    if (auto added = tree.add(stream::ppspp::sha256(as_bytes(std::string_view(chunk.data(), got)))); !added)
      return tl::unexpected(added.error());
  }
  const auto root = tree.finish();
  if (!root) return tl::unexpected(root.error());
  return ContentId{scheme, *root};
}

}  // namespace earshot::node
