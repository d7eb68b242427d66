// Who we are: a CURVE key pair, kept in one file that nobody else can read.
//
// The file, text: a line "earshot-key 1", a line "secret " and 64 hexadecimal digits. The public key is computed from it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "schema/ids.h"
#include "schema/result.h"

namespace earshot::overlay::net {

class Identity {
 public:
  /// Reads the key file, or makes one (0600, in a folder that is made 0700) where there is none. Refuses a file or a
  /// folder that others can reach. Errors: kDenied (with the chmod that mends it), kCorrupt, kDisk.
  static Result<Identity> open(const std::filesystem::path& file);

  /// A key of its own that is forgotten with the object: for a node that lives for one search.
  static Identity ephemeral();

  const NodeKey& key() const { return key_; }
  /// Stays in locked memory: hand it on, do not copy it.
  std::span<const std::uint8_t, 32> secret() const { return std::span<const std::uint8_t, 32>(secret_.get(), 32); }

 private:
  struct Wipe { void operator()(std::uint8_t* secret) const; };
  using Secret = std::unique_ptr<std::uint8_t[], Wipe>;

  explicit Identity(Secret secret);
  static Secret empty_secret();
  static Result<Identity> read(const std::filesystem::path& file);

  Secret secret_;
  NodeKey key_;
};

}  // namespace earshot::overlay::net
