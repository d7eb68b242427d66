// Lines and colons.
#include "tools/node/radio_request.h"

#include <algorithm>
#include <cctype>

namespace earshot::node {

namespace {

constexpr std::size_t kMaxMountName = 64;
constexpr unsigned kMaxDigits = 8;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = trimmed(text.substr(0, end));
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

bool is_mount_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxMountName && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

std::string_view RadioRequest::field(std::string_view name_of_field) const {
  const auto found = fields.find(name_of_field);
  return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<RadioRequest> radio_request_from(std::string_view head) {
  const std::string_view first = next_line(head);
  const std::size_t space = first.find(' ');
  const std::size_t last = first.rfind(' ');
  if (space == std::string_view::npos || last <= space) return std::nullopt;
  RadioRequest request;
  request.method = std::string(first.substr(0, space));
  std::string_view path = first.substr(space + 1, last - space - 1);
  path = path.substr(0, path.find('?'));
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (!path.starts_with('/') || !is_mount_name(name)) return std::nullopt;
  request.name = std::string(name);
  while (!head.empty()) {
    const std::string_view line = next_line(head);
    const std::size_t colon = line.find(':');
    if (line.empty() || colon == std::string_view::npos) continue;
    std::string field(line.substr(0, colon));
    std::transform(field.begin(), field.end(), field.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    request.fields.emplace(std::move(field), trimmed(line.substr(colon + 1)));
  }
  return request;
}

bool ChunkedText::take(std::string_view bytes, std::string& into) {
  while (!bytes.empty() && state_ != State::kEnded) {
    if (state_ == State::kData) {
      const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      into.append(bytes.substr(0, some));
      bytes.remove_prefix(some);
      left_ -= some;
      if (left_ == 0) state_ = State::kAfterData;
      continue;
    }
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (state_ == State::kAfterData && c == '\n') {
      state_ = State::kSize;
      digits_ = 0;
    } else if (state_ == State::kAfterData && c != '\r') {
      return false;
    } else if ((state_ == State::kSize || state_ == State::kExtension) && !take_size(c)) {
      return false;
    }
  }
  return true;
}

bool ChunkedText::take_size(char c) {
  if (c == '\n') {
    if (digits_ == 0) return false;
    state_ = left_ == 0 ? State::kEnded : State::kData;
    return true;
  }
  if (c == '\r' || state_ == State::kExtension) return true;
  if (c == ';' || c == ' ') {
    state_ = State::kExtension;
    return true;
  }
  if (std::isxdigit(static_cast<unsigned char>(c)) == 0 || ++digits_ > kMaxDigits) return false;
  const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
  left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
  return true;
}

}  // namespace earshot::node
