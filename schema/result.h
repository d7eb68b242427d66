// What can fail is a value: Result<T>, one Error with a code and a context that grows on the way up.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace earshot {

/// What kind of failure, so that a caller can decide; the text says what, where and how to mend it.
enum class ErrorCode : std::uint8_t {
  kInvalid,       // bad input, usage or configuration
  kNotFound,      // asked for something that is not there
  kUnreachable,   // a node, a daemon or the network does not answer
  kDenied,        // not allowed
  kTimedOut,      // time ran out, perhaps with partial results
  kStopped,       // interrupted, can be resumed
  kCorrupt,       // content or stored data failed its check
  kDisk,          // the disk refused: full, read-only, broken
  kExhausted,     // a limit of schema/limits.h is reached
  kUnsupported,   // a newer format or an absent feature
};

std::string_view to_string(ErrorCode code);

struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::string what;

  /// The same error, told from one level further up: "open library 'x': no space left".
  Error in(std::string_view context) && { return {code, fmt::format("{}: {}", context, what)}; }
};

/// A value or an Error; ignoring one is a compile error.
template <class T>
struct [[nodiscard]] Result : tl::expected<T, Error> {
  using tl::expected<T, Error>::expected;
};

/// fail(ErrorCode::kInvalid, "port {} is taken", port)
template <class... Args>
tl::unexpected<Error> fail(ErrorCode code, fmt::format_string<Args...> text, Args&&... args) {
  return tl::unexpected<Error>(Error{code, fmt::format(text, std::forward<Args>(args)...)});
}

/// Passes an error on with a context.
inline tl::unexpected<Error> fail_in(std::string_view context, Error error) {
  return tl::unexpected<Error>(std::move(error).in(context));
}

}  // namespace earshot
