// The head of a request to the radio port, and the chunks of a source that sends so. Sources speak HTTP/1.1, HTTP/1.0 and
// Icecast's older "SOURCE /mount ICE/1.0": one small reader takes them all.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "schema/bytes.h"

namespace earshot::node {

struct RadioRequest {
  std::string method;
  std::string name;                                       // of the station
  std::map<std::string, std::string, std::less<>> fields;  // names in small letters; the first of a name counts

  std::string_view field(std::string_view name_of_field) const;
};

/// From the text up to and with the empty line; nothing when it is no such request, or names no station.
std::optional<RadioRequest> radio_request_from(std::string_view head);

/// Takes the chunked transfer coding (RFC 9112, 7.1) off.
class ChunkedText {
 public:
  /// Appends what the bytes carry. False: they break the coding.
  [[nodiscard]] bool take(std::string_view bytes, std::string& into);
  bool ended() const { return state_ == State::kEnded; }

 private:
  enum class State : std::uint8_t { kSize, kExtension, kData, kAfterData, kEnded };
  bool take_size(char c);

  State state_ = State::kSize;
  std::uint64_t left_ = 0;
  unsigned digits_ = 0;
};

}  // namespace earshot::node
