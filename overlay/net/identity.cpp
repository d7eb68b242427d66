// The key file: made once, exclusively; read back only when nobody else could have.
#include "overlay/net/identity.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "overlay/net/disk_error.h"
#include "schema/check.h"

namespace earshot::overlay::net {

namespace {

constexpr std::string_view kKeyFileHead = "earshot-key 1\nsecret ";
constexpr std::size_t kSecretSize = crypto_box_SECRETKEYBYTES;
constexpr std::size_t kFileSize = kKeyFileHead.size() + 2 * kSecretSize + 1;

static_assert(kSecretSize == 32 && crypto_box_PUBLICKEYBYTES == 32, "CURVE keys are Curve25519 keys");

void start_sodium() {
  EARSHOT_CHECK(sodium_init() >= 0);
}

/// The file's text, wiped when it goes.
struct FileText {
  std::array<char, kFileSize> text{};
  ~FileText() { sodium_memzero(text.data(), text.size()); }
};

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// Others must not reach it, and it must be ours. `mode` is what it should be.
Result<void> check_private(const struct stat& found, mode_t mode, const std::filesystem::path& path) {
  if (found.st_uid != ::geteuid()) {
    return fail(ErrorCode::kDenied,
                "{} belongs to user {}, not to the user who runs this node: chown it, or name another", path.string(),
                found.st_uid);
  }
  if ((found.st_mode & 077) != 0) {
    return fail(ErrorCode::kDenied,
                "{} can be reached by others (mode {:04o}) and holds this node's secret key: chmod {:o} '{}'",
                path.string(), found.st_mode & 07777, mode, path.string());
  }
  return {};
}

/// Makes the folder, 0700, where it is missing; refuses a wider one.
Result<void> own_folder(const std::filesystem::path& folder) {
  std::error_code error;
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return disk_error("make folder", folder);
  struct stat found {};
  if (::stat(folder.c_str(), &found) != 0) return disk_error("look at folder", folder);
  return check_private(found, 0700, folder);
}

Result<void> write_whole(const Descriptor& file, std::string_view text, const std::filesystem::path& path) {
  const ssize_t written = ::write(file.number(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) return disk_error("write", path);
  if (::fsync(file.number()) != 0) return disk_error("sync", path);
  return {};
}

/// All or nothing, and never over a file that is there: written beside, then linked to its name. False: the name is
/// taken by now, by another process that started at the same time.
Result<bool> write_new(const std::filesystem::path& path, std::string_view text) {
  const std::filesystem::path beside = path.string() + fmt::format(".{}", ::getpid());
  ::unlink(beside.c_str());
  const Descriptor file(::open(beside.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return disk_error("create", beside);
  auto written = write_whole(file, text, beside);
  const bool linked = written && ::link(beside.c_str(), path.c_str()) == 0;
  const int why = errno;
  ::unlink(beside.c_str());
  if (!written) return tl::unexpected(std::move(written.error()));
  if (linked) {
    const Descriptor folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.is_open()) ::fsync(folder.number());
    return true;
  }
  if (why == EEXIST) return false;
  errno = why;
  return disk_error("name", path);
}

}  // namespace

void Identity::Wipe::operator()(std::uint8_t* secret) const {
  sodium_free(secret);
}

/// sodium_malloc locks the pages where the system allows it, keeps them out of core dumps and wipes them in the end.
Identity::Secret Identity::empty_secret() {
  start_sodium();
  Secret secret(static_cast<std::uint8_t*>(sodium_malloc(kSecretSize)));
  EARSHOT_CHECK(secret != nullptr);
  return secret;
}

Identity::Identity(Secret secret) : secret_(std::move(secret)) {
  EARSHOT_CHECK(crypto_scalarmult_base(key_.bytes.data(), secret_.get()) == 0);
}

Identity Identity::ephemeral() {
  Secret secret = empty_secret();
  NodeKey key;
  EARSHOT_CHECK(crypto_box_keypair(key.bytes.data(), secret.get()) == 0);
  return Identity(std::move(secret));
}

Result<Identity> Identity::open(const std::filesystem::path& file) {
  const std::filesystem::path path = std::filesystem::absolute(file);
  if (auto folder = own_folder(path.parent_path()); !folder) return fail_in("key file", std::move(folder.error()));
  if (std::filesystem::exists(std::filesystem::symlink_status(path))) return read(path);

  const Identity fresh = ephemeral();
  FileText file_text;
  std::memcpy(file_text.text.data(), kKeyFileHead.data(), kKeyFileHead.size());
  char* const digits = file_text.text.data() + kKeyFileHead.size();
  sodium_bin2hex(digits, 2 * kSecretSize + 1, fresh.secret_.get(), kSecretSize);
  digits[2 * kSecretSize] = '\n';
  auto written = write_new(path, {file_text.text.data(), file_text.text.size()});
  if (!written) return fail_in("key file", std::move(written.error()));
  return read(path);
}

Result<Identity> Identity::read(const std::filesystem::path& file) {
  const Descriptor key_file(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!key_file.is_open()) return disk_error("open key file", file);
  struct stat found {};
  if (::fstat(key_file.number(), &found) != 0) return disk_error("look at key file", file);
  if (auto allowed = check_private(found, 0600, file); !allowed) return fail_in("key file", std::move(allowed.error()));

  FileText file_text;
  const auto damaged = [&file] {
    return fail(ErrorCode::kCorrupt,
                "key file {} is damaged: restore it from a backup, or move it away to get a new identity",
                file.string());
  };
  if (found.st_size != static_cast<off_t>(kFileSize)) return damaged();
  if (::read(key_file.number(), file_text.text.data(), kFileSize) != static_cast<ssize_t>(kFileSize)) return damaged();
  const std::string_view text(file_text.text.data(), kFileSize);
  Secret secret = empty_secret();
  std::size_t bytes = 0;
  const char* end = nullptr;
  const char* const digits = text.data() + kKeyFileHead.size();
  if (!text.starts_with(kKeyFileHead) || text.back() != '\n' ||
      sodium_hex2bin(secret.get(), kSecretSize, digits, 2 * kSecretSize, nullptr, &bytes, &end) != 0 ||
      bytes != kSecretSize || end != digits + 2 * kSecretSize) {
    return damaged();
  }
  return Identity(std::move(secret));
}

}  // namespace earshot::overlay::net
