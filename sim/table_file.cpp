// Reading text tables; zstd is used here only.
#include "sim/table_file.h"

#include <zstd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>

namespace earshot::sim {

namespace {

constexpr std::size_t kMaxText = std::size_t{2} << 30;

Result<std::string> decompressed(const std::string& bytes) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  std::string text;
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::string piece(ZSTD_DStreamOutSize(), '\0');
  std::size_t left = 0;
  while (in.pos < in.size || left != 0) {
    ZSTD_outBuffer out{piece.data(), piece.size(), 0};
    const std::size_t before = in.pos;
    left = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(left) != 0) return fail(ErrorCode::kCorrupt, "not a zstd file: {}", ZSTD_getErrorName(left));
    if (out.pos == 0 && in.pos == before) return fail(ErrorCode::kCorrupt, "the zstd file ends in the middle");
    if (text.size() + out.pos > kMaxText) return fail(ErrorCode::kExhausted, "more than {} bytes of text", kMaxText);
    text.append(piece, 0, out.pos);
  }
  return text;
}

}  // namespace

Result<std::string> read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::kNotFound, "cannot open '{}'", path.string());
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad()) return fail(ErrorCode::kDisk, "cannot read '{}'", path.string());
  if (path.extension() != ".zst") return bytes;
  Result<std::string> text = decompressed(bytes);
  if (!text) return fail_in(path.string(), std::move(text.error()));
  return text;
}

bool Pieces::next(std::string_view& piece) {
  if (rest_.empty()) return false;
  const std::size_t end = std::min(rest_.find(separator_), rest_.size());
  piece = rest_.substr(0, end);
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  return true;
}

Result<std::size_t> column_of(std::string_view header, std::string_view name) {
  Pieces columns(header, '\t');
  std::string_view column;
  for (std::size_t i = 0; columns.next(column); ++i) {
    if (column == name) return i;
  }
  return fail(ErrorCode::kInvalid, "no column '{}' in the header '{}'", name, header);
}

std::string_view cell_of(std::string_view row, std::size_t column) {
  Pieces cells(row, '\t');
  std::string_view cell;
  for (std::size_t i = 0; i <= column; ++i) cell = cells.next(cell) ? cell : std::string_view();
  return cell;
}

bool parse_number(std::string_view text, std::uint32_t& number) {
  if (text.empty() || text.size() > 9) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace earshot::sim
