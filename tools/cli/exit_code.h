// What the program's end says to scripts: the numbers of ripgrep (0, 1, 2), gh (4) and aria2 (7, 9), one table.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "schema/result.h"

namespace earshot::cli {

enum class ExitCode : std::uint8_t {
  kDone = 0,
  kNothingFound = 1,
  kUsage = 2,
  kNoNode = 3,
  kDenied = 4,
  kNoPeers = 5,
  kTimedOut = 6,
  kStopped = 7,
  kNotVerified = 8,
  kDisk = 9,
  kInterrupted = 130,
};

struct ExitCodeRow {
  ExitCode code;
  std::string_view meaning;
};

inline constexpr std::array<ExitCodeRow, 11> kExitCodes = {{
    {ExitCode::kDone, "done, or at least one result"},
    {ExitCode::kNothingFound, "nothing found"},
    {ExitCode::kUsage, "wrong usage or configuration"},
    {ExitCode::kNoNode, "cannot reach the node (is 'earshot node' running?)"},
    {ExitCode::kDenied, "not allowed, or a limit is reached"},
    {ExitCode::kNoPeers, "no peers, no network, or no holder answers"},
    {ExitCode::kTimedOut, "timed out with partial results"},
    {ExitCode::kStopped, "stopped, can be resumed"},
    {ExitCode::kNotVerified, "the content failed its verification"},
    {ExitCode::kDisk, "the disk is full, read-only or broken"},
    {ExitCode::kInterrupted, "interrupted (Ctrl-C)"},
}};

/// How an error of the node or of ours ends the program.
constexpr ExitCode exit_code_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return ExitCode::kUsage;
    case ErrorCode::kNotFound:
      return ExitCode::kNothingFound;
    case ErrorCode::kUnreachable:
      return ExitCode::kNoPeers;
    case ErrorCode::kDenied:
      return ExitCode::kDenied;
    case ErrorCode::kTimedOut:
      return ExitCode::kTimedOut;
    case ErrorCode::kStopped:
      return ExitCode::kStopped;
    case ErrorCode::kCorrupt:
      return ExitCode::kNotVerified;
    case ErrorCode::kDisk:
      return ExitCode::kDisk;
    case ErrorCode::kExhausted:
      return ExitCode::kDenied;
    case ErrorCode::kUnsupported:
      return ExitCode::kUsage;
  }
  return ExitCode::kUsage;
}

}  // namespace earshot::cli
