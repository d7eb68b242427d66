// The key file: private, made once, read back the same, refused when others could have read it.
#include "overlay/net/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "overlay/net/address_book.h"
#include "tests/temporary_folder.h"

namespace earshot::overlay::net {
namespace {

unsigned mode_of(const std::filesystem::path& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 ? found.st_mode & 07777u : 0;
}

std::string contents(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

TEST(Identity, IsMadeOncePrivatelyAndReadBackTheSame) {
  const TemporaryFolder folder;
  const auto file = folder / "data/node/key";
  const auto first = Identity::open(file);
  ASSERT_TRUE(first) << first.error().what;
  EXPECT_EQ(mode_of(file), 0600u);
  EXPECT_EQ(mode_of(file.parent_path()), 0700u);
  const auto second = Identity::open(file);
  ASSERT_TRUE(second) << second.error().what;
  EXPECT_EQ(first->key(), second->key());
  EXPECT_NE(first->key(), NodeKey{});
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(file.parent_path()), {}), 1)
      << "nothing is left beside it";
}

TEST(Identity, TwoAreDifferent) {
  EXPECT_NE(Identity::ephemeral().key(), Identity::ephemeral().key());
}

TEST(Identity, RefusesAFileThatOthersCanReadAndSaysHowToMendIt) {
  const TemporaryFolder folder;
  const auto file = folder / "key";
  ASSERT_TRUE(Identity::open(file));
  for (const mode_t mode : {0640, 0604, 0660, 0644}) {
    ::chmod(file.c_str(), mode);
    const auto refused = Identity::open(file);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kDenied);
    EXPECT_THAT(refused.error().what, testing::HasSubstr("chmod 600"));
  }
}

TEST(Identity, RefusesAFolderThatOthersCanEnter) {
  const TemporaryFolder folder;
  const auto file = folder / "data/key";
  ASSERT_TRUE(Identity::open(file));
  ::chmod(file.parent_path().c_str(), 0755);
  const auto refused = Identity::open(file);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kDenied);
  EXPECT_THAT(refused.error().what, testing::HasSubstr("chmod 700"));
}

TEST(Identity, RefusesASymbolicLink) {
  const TemporaryFolder folder;
  ASSERT_TRUE(Identity::open(folder / "key"));
  std::filesystem::create_symlink(folder / "key", folder / "link");
  EXPECT_FALSE(Identity::open(folder / "link"));
}

TEST(Identity, RefusesADamagedFileAndLeavesItThere) {
  const TemporaryFolder folder;
  const auto file = folder / "key";
  ASSERT_TRUE(Identity::open(file));
  const std::string whole = contents(file);
  const std::vector<std::string> damages = {"", whole.substr(0, whole.size() - 1), whole + "x", "X" + whole.substr(1),
                                            std::string(whole.size(), 'g')};
  for (const std::string& damage : damages) {
    std::ofstream(file, std::ios::trunc) << damage;
    const auto refused = Identity::open(file);
    ASSERT_FALSE(refused) << damage;
    EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(contents(file), damage);
  }
}

TEST(AddressBookFile, ReadsBackWhatWasSavedInTheSameOrder) {
  const TemporaryFolder folder;
  const Contact self{Identity::ephemeral().key(), *endpoint_from("127.0.0.1:1"), 0};
  AddressBook book(self, {1, 2});
  std::vector<Contact> contacts;
  for (std::uint8_t i = 1; i <= 100; ++i) {
    Contact contact{{}, *endpoint_from(fmt::format("127.0.0.{}:4040", i)), i};
    contact.key.bytes[0] = i;
    contacts.push_back(contact);
    book.intern(contact, kNoPeer);
  }
  ASSERT_TRUE(book.save(folder / "book"));
  AddressBook read(self, {3, 4});
  ASSERT_TRUE(read.load(folder / "book"));
  EXPECT_EQ(read.size(), 101u);
  const auto recent = read.recent(3);
  ASSERT_EQ(recent.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(read.contact_of(recent[i]), contacts[99 - i]);
  ASSERT_TRUE(read.save(folder / "again"));
  EXPECT_EQ(contents(folder / "book"), contents(folder / "again"));
  Contact moved = contacts[0];
  moved.endpoint.port = 5050;
  const PeerId teller = read.introduce(contacts[1], contacts[1].endpoint);
  EXPECT_EQ(read.contact_of(read.intern(moved, teller)), moved) << "what an earlier run knew is doubtful";
}

TEST(AddressBookFile, NoneIsNoErrorAndADamagedOneIsMovedAside) {
  const TemporaryFolder folder;
  const Contact self{Identity::ephemeral().key(), *endpoint_from("127.0.0.1:1"), 0};
  AddressBook book(self, {1, 2});
  EXPECT_TRUE(book.load(folder / "book"));
  Contact contact{{}, *endpoint_from("127.0.0.9:4040"), 7};
  contact.key.bytes[0] = 9;
  book.intern(contact, kNoPeer);
  ASSERT_TRUE(book.save(folder / "book"));
  const std::string whole = contents(folder / "book");
  for (std::size_t place = 0; place < whole.size(); ++place) {
    std::string flipped = whole;
    flipped[place] = static_cast<char>(flipped[place] ^ 1);
    std::ofstream(folder / "book", std::ios::trunc) << flipped;
    AddressBook fresh(self, {1, 2});
    const auto loaded = fresh.load(folder / "book");
    ASSERT_FALSE(loaded) << "one bit flipped at byte " << place;
    EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(fresh.size(), 1u);
    EXPECT_FALSE(std::filesystem::exists(folder / "book"));
    EXPECT_EQ(contents(folder / "book.damaged"), flipped);
  }
}

}  // namespace
}  // namespace earshot::overlay::net
