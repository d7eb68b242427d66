// libsodium's crypto_pwhash: Argon2id with the cost of an interactive log-in.
#include "tools/node/users.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "tools/node/runtime_files.h"

namespace earshot::node {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxUserName = 32;
constexpr std::size_t kMaxFile = Users::kMaxUsers * (kMaxUserName + crypto_pwhash_STRBYTES + 16);

bool is_user_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxUserName && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

Result<std::string> hash_of(std::string_view password) {
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  const int failed = crypto_pwhash_str_alg(hash.data(), password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                           crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13);
  if (failed != 0) return fail(ErrorCode::kExhausted, "64 MiB of memory for hashing the password cannot be had");
  return std::string(hash.data());
}

bool is_password(const std::string& hash, std::string_view password) {
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

// Of no password that anybody knows: what an unknown name is checked against.
const std::string& nobodys_hash() {
  static const std::string hash = hash_of(random_token()).value_or("");
  return hash;
}

}  // namespace

Result<std::unique_ptr<Users>> Users::open(fs::path file) {
  std::unique_ptr<Users> users(new Users(std::move(file)));
  const auto text = read_small_file(users->file_, kMaxFile);
  if (!text && text.error().code == ErrorCode::kNotFound) return users;
  if (!text) return tl::unexpected(text.error());
  std::istringstream lines(*text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    std::string name, role, hash, more;
    const bool three = (words >> name >> role >> hash) && !(words >> more);
    if (!three || !is_user_name(name) || (role != "owner" && role != "guest") || !hash.starts_with("$argon2id$")) {
      return fail(ErrorCode::kCorrupt, "'{}' line {} is no user: name, owner or guest, hash", users->file_.string(), number);
    }
    users->users_[name] = {role == "owner" ? UserRole::kOwner : UserRole::kGuest, hash};
  }
  return users;
}

Result<void> Users::set(const std::string& name, UserRole role, std::string_view password) {
  if (!is_user_name(name)) return fail(ErrorCode::kInvalid, "a name is 1 to {} of a-z, 0-9, '-' and '_'", kMaxUserName);
  if (password.size() < kMinPassword || password.size() > kMaxPassword) {
    return fail(ErrorCode::kInvalid, "a password has {} to {} bytes", kMinPassword, kMaxPassword);
  }
  auto hash = hash_of(password);
  if (!hash) return tl::unexpected(hash.error());
  const std::lock_guard lock(mutex_);
  if (users_.size() >= kMaxUsers && !users_.contains(name)) {
    return fail(ErrorCode::kExhausted, "{} users are as many as a node has", kMaxUsers);
  }
  Table users = users_;
  users[name] = {role, std::move(*hash)};
  return keep(std::move(users));
}

Result<void> Users::remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  Table users = users_;
  if (users.erase(name) == 0) return fail(ErrorCode::kNotFound, "no user has this name");
  return keep(std::move(users));
}

std::optional<UserRole> Users::check(const std::string& name, std::string_view password) const {
  std::optional<User> user;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = users_.find(name); found != users_.end()) user = found->second;
  }
  const bool same = is_password(user ? user->hash : nobodys_hash(), password);
  if (!user || !same) return std::nullopt;
  return user->role;
}

std::vector<Users::Row> Users::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<Row> rows;
  for (const auto& [name, user] : users_) rows.push_back({name, user.role});
  return rows;
}

// REQUIRES: mutex_ is held.
Result<void> Users::keep(Table users) {
  std::string text;
  for (const auto& [name, user] : users) text += fmt::format("{} {} {}\n", name, to_string(user.role), user.hash);
  if (auto written = write_private_file(file_, text); !written) return written;
  users_ = std::move(users);
  return {};
}

}  // namespace earshot::node
