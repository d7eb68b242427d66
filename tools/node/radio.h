// Radio on one port: sources that speak Icecast's way come in (BUTT, ffmpeg, liquidsoap, curl), players go out. All
// listeners of a station read from one LiveRing; one thread serves them all.
//
//   PUT or SOURCE /live/NAME    Authorization: Basic source:PASSWORD; the stream until the source ends
//   GET /live/NAME              the stream, from a few seconds ago on, for any player
//
// Rules
//  1. A name is 1 to 64 of a-z, 0-9, '-' and '_'; the last part of the path is it, so that mounts like "/show" work too.
//  2. A station has one source at a time. When it goes, listeners stay for kReturnTime and hear the next one. Meanwhile, and as
//     long as anybody listens, they hear the fallback: a file of the same format, again and again, at its own pace.
//  3. Listeners are told nothing that they need not know, and may be anybody whom the address lets in: it is loopback unless
//     a person says otherwise. Nothing here reads or changes anything but stations.
//  4. What was received is written to listeners together, every kPace: a thousand listeners cost ten thousand writes a
//     second, whatever pieces the source sends.
//
// Limits: header 8 KiB and 5 s, 16 stations, 4,096 listeners, a source that is silent for 15 s (cut), a listener that takes
// nothing for 15 s (cut).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "schema/endpoint.h"
#include "schema/result.h"
#include "schema/time.h"

namespace earshot::node {

/// Thread-safe.
class Radio {
 public:
  static constexpr std::size_t kMaxStations = 16;
  static constexpr std::size_t kMaxListeners = 4096;
  static constexpr Duration kPace = 100ms;
  static constexpr Duration kReturnTime = 30s;
  static constexpr Duration kSilence = 15s;

  /// The fallback's bytes are kept in memory.
  static constexpr std::size_t kMostFallback = 64u << 20;

  struct Options {
    Endpoint listen;         // port 0: any free port
    std::string password;    // of sources
    std::string fallback{};  // the bytes of a file; empty: silence
    std::uint32_t fallback_kbps = 128;
  };

  /// Binds and starts its thread. Errors: kUnreachable (port taken).
  static Result<std::unique_ptr<Radio>> open(const Options& options);

  /// Cuts everybody.
  virtual ~Radio() = default;

  virtual Endpoint endpoint() const = 0;

  struct Row {
    std::string name;
    std::string title;  // as the source calls itself
    std::string type;   // Content-Type
    bool on_air = false;
    std::uint64_t listeners = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
  };
  /// By name.
  virtual std::vector<Row> stations() const = 0;
};

}  // namespace earshot::node
