// The people of a shared node: a name, a role and a password each, kept as Argon2id hashes in one private file.
//
// The file has a line a user: name, role, hash, separated by spaces. Names are 1 to 32 of a-z, 0-9, '-' and '_'.
// What a guesser gains: every try costs the node 64 MiB and about 0.1 s on a thread of its own, tries wait in line, and an
// unknown name costs as much as a wrong password.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/result.h"
#include "tools/node/sessions.h"

namespace earshot::node {

/// Thread-safe.
class Users {
 public:
  static constexpr std::size_t kMaxUsers = 64;
  static constexpr std::size_t kMinPassword = 8;
  static constexpr std::size_t kMaxPassword = 256;

  /// Reads the file, which need not be there yet. Errors: kDisk, kCorrupt (a line that is none of ours).
  static Result<std::unique_ptr<Users>> open(std::filesystem::path file);

  /// Adds a user, or changes the one of that name. Takes the time of one hash. Errors: kInvalid, kExhausted, kDisk.
  Result<void> set(const std::string& name, UserRole role, std::string_view password);

  /// Errors: kNotFound, kDisk.
  Result<void> remove(const std::string& name);

  /// The role, when the password is that of the name. Takes the time of one hash, whoever is asked for.
  std::optional<UserRole> check(const std::string& name, std::string_view password) const;

  struct Row {
    std::string name;
    UserRole role;
  };
  /// By name.
  std::vector<Row> list() const;

 private:
  struct User {
    UserRole role;
    std::string hash;
  };
  using Table = std::map<std::string, User>;

  explicit Users(std::filesystem::path file) : file_(std::move(file)) {}
  Result<void> keep(Table users);

  const std::filesystem::path file_;
  mutable std::mutex mutex_;
  Table users_;  // guarded by mutex_
};

}  // namespace earshot::node
