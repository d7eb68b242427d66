// Ranges, headers, and bytes as they come.
#include "tools/node/content_http.h"

#include <fmt/format.h>

#include <charconv>

#include "tools/node/media_type.h"

namespace earshot::node {

namespace {

std::optional<std::uint64_t> number_from(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string quoted(const ContentId& content) { return '"' + to_string(content) + '"'; }

}  // namespace

ChosenRange choose_range(std::string_view header, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit) || header.find(',') != std::string_view::npos) return {};
  header.remove_prefix(kUnit.size());
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return {};
  const auto first = number_from(header.substr(0, dash));
  const auto last = number_from(header.substr(dash + 1));
  if (dash == 0) {
    if (!last) return {};
    const std::uint64_t tail = std::min(*last, size);
    if (tail == 0) return {RangeAnswer::kUnsatisfiable, {}};
    return {RangeAnswer::kPart, {size - tail, tail}};
  }
  const bool open_ended = dash + 1 == header.size();
  if (!first || (!last && !open_ended) || (last && *last < *first)) return {};
  if (*first >= size) return {RangeAnswer::kUnsatisfiable, {}};
  const std::uint64_t end = last ? std::min(*last, size - 1) + 1 : size;
  return {RangeAnswer::kPart, {*first, end - *first}};
}

ContentBody::ContentBody(const Request& request, const ContentId& content, std::shared_ptr<stream::Playback> playback)
    : wants_body_(request.method != "HEAD"), range_(request.range), tag_(quoted(content)), playback_(std::move(playback)) {
  if (!request.if_range.empty() && request.if_range != tag_) range_.clear();
  is_known_ = request.if_none_match == "*" || request.if_none_match.find(tag_) != std::string::npos;
  if (in_query(request.target, "whole") == "1") skipped_ = 0;
}

Result<std::optional<Body::Head>> ContentBody::head() {
  if (is_known_) return std::optional<Head>(Head{304, fmt::format("ETag: {}\r\n", tag_), 0, /*has_length=*/false});
  if (!reader_) {
    auto reader = playback_->open_reader(0);
    if (!reader) return tl::unexpected(reader.error());
    reader_ = std::move(*reader);
  }
  const auto probed = probe();
  if (!probed) return tl::unexpected(probed.error());
  if (!*probed) return std::optional<Head>();
  const ChosenRange chosen = choose_range(range_, size_);
  Head head = describe();
  if (chosen.answer == RangeAnswer::kUnsatisfiable) {
    head.status = 416;
    head.fields += fmt::format("Content-Range: bytes */{}\r\n", size_);
    head.size = 0;
    return std::optional<Head>(head);
  }
  const Part part = chosen.answer == RangeAnswer::kPart ? chosen.part : Part{0, size_};
  if (chosen.answer == RangeAnswer::kPart) {
    head.status = 206;
    head.fields += fmt::format("Content-Range: bytes {}-{}/{}\r\n", part.first, part.first + part.size - 1, size_);
  }
  head.size = part.size;
  left_ = part.size;
  head.has_body = wants_body_;
  if (wants_body_) reader_->seek(*skipped_ + part.first);
  return std::optional<Head>(head);
}

Body::Head ContentBody::describe() const {
  Head head;
  head.fields = fmt::format("Content-Type: {}\r\nAccept-Ranges: bytes\r\nETag: {}\r\ntransferMode.dlna.org: Streaming\r\n",
                            type_, tag_);
  const std::string_view profile = dlna_profile_of(type_);
  // OP=01: seeks by bytes; FLAGS: streaming, background and connection stalling transfer, DLNA 1.5.
  head.fields += fmt::format(
      "contentFeatures.dlna.org: {}{}DLNA.ORG_OP=01;DLNA.ORG_CI=0;DLNA.ORG_FLAGS=01700000000000000000000000000000\r\n",
      profile.empty() ? "" : "DLNA.ORG_PN=", profile.empty() ? "" : std::string(profile) + ";");
  return head;
}

Result<bool> ContentBody::wait(const Error& error) const {
  const bool may_come = error.code == ErrorCode::kTimedOut || error.code == ErrorCode::kUnreachable;
  if (!may_come || std::chrono::steady_clock::now() - last_byte_ > kPatience) return tl::unexpected(error);
  return false;
}

Result<std::optional<Bytes>> ContentBody::first_bytes(std::uint64_t offset, std::size_t wanted) {
  Bytes bytes(wanted);
  reader_->seek(offset);
  for (std::size_t done = 0; done < wanted;) {
    const auto got = reader_->read(std::span(bytes).subspan(done), Duration(0));
    if (!got) {
      if (const auto waited = wait(got.error()); !waited) return tl::unexpected(waited.error());
      return std::optional<Bytes>();
    }
    if (*got == 0) bytes.resize(done);
    done = *got == 0 ? wanted : done + *got;
  }
  return std::optional<Bytes>(std::move(bytes));
}

Result<bool> ContentBody::probe() {
  if (type_.empty()) {
    const auto first = first_bytes(0, kTypeBytes);
    if (!first || !*first) return first ? Result<bool>(false) : tl::unexpected(first.error());
    if (!skipped_) skipped_ = id3v2_size(**first);
    type_ = media_type_of(**first);
  }
  const std::uint64_t whole = playback_->status().size;
  if (whole == 0) return wait({ErrorCode::kTimedOut, "nobody has given the content's end, hence its length"});
  // A tag is nothing without a sound behind it.
  if (*skipped_ + kTypeBytes > whole) skipped_ = 0;
  if (*skipped_ > 0) {
    const auto sound = first_bytes(*skipped_, kTypeBytes);
    if (!sound || !*sound) return sound ? Result<bool>(false) : tl::unexpected(sound.error());
    type_ = media_type_of(**sound);
    if (type_ != "audio/mpeg" && type_ != "audio/aac") skipped_ = 0;
    if (*skipped_ == 0) type_ = "audio/mpeg";
  }
  size_ = whole - *skipped_;
  return true;
}

Result<std::size_t> ContentBody::pull(std::span<std::uint8_t> into) {
  const auto got = reader_->read(into.first(std::min<std::uint64_t>(into.size(), left_)), Duration(0));
  if (!got) {
    if (const auto waited = wait(got.error()); !waited) return tl::unexpected(waited.error());
    return std::size_t{0};
  }
  if (*got == 0) return fail(ErrorCode::kCorrupt, "the content is shorter than it was");
  last_byte_ = std::chrono::steady_clock::now();
  left_ -= *got;
  return *got;
}

}  // namespace earshot::node
