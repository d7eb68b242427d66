// Names, whose word counts, what is forgotten, and when a dial is due.
#include "overlay/net/address_book.h"

#include <gtest/gtest.h>

#include "tests/net/small_directory.h"

namespace earshot::overlay::net {
namespace {

Contact someone(std::uint32_t number, std::string_view endpoint) {
  Contact contact = contact_number(number);
  contact.endpoint = *endpoint_from(endpoint);
  return contact;
}

const Contact kSelf = someone(1000, "10.0.0.1:4040");
constexpr SipKey kHashKey{1, 2};
constexpr Instant kStart{};

TEST(AddressBook, TheSameKeyKeepsItsName) {
  AddressBook book(kSelf, kHashKey);
  const PeerId peer = book.intern(someone(1, "10.0.0.2:4040"), kNoPeer);
  EXPECT_EQ(book.intern(someone(1, "10.0.0.3:4040"), kNoPeer), peer);
  EXPECT_NE(book.intern(someone(2, "10.0.0.2:4040"), kNoPeer), peer);
  EXPECT_EQ(book.find(someone(1, "10.0.0.2:4040").key), peer);
}

TEST(AddressBook, NobodysWordChangesOurOwnContact) {
  AddressBook book(kSelf, kHashKey);
  const PeerId liar = book.introduce(someone(1, "10.0.0.2:4040"), *endpoint_from("10.0.0.2:1"));
  Contact lie = kSelf;
  lie.endpoint = *endpoint_from("10.9.9.9:1");
  EXPECT_EQ(book.intern(lie, liar), book.self());
  EXPECT_EQ(book.intern(lie, kNoPeer), book.self());
  EXPECT_EQ(book.contact_of(book.self()), kSelf);
}

TEST(AddressBook, HearsayReplacesAnythingOnlyAfterADialHasFailed) {
  for (const bool from_itself : {true, false}) {
    AddressBook book(kSelf, kHashKey);
    const PeerId teller = book.introduce(someone(1, "10.0.0.2:4040"), *endpoint_from("10.0.0.2:1"));
    const Contact first = someone(2, "10.0.0.3:4040");
    const PeerId peer = from_itself ? book.introduce(first, first.endpoint) : book.intern(first, teller);
    EXPECT_EQ(book.intern(someone(2, "10.0.0.66:4040"), teller), peer);
    EXPECT_EQ(book.contact_of(peer), first);
    Random random = Random::stream(1, 1, 1);
    book.dial_failed(peer, kStart, random);
    book.intern(someone(2, "10.0.0.4:4040"), teller);
    EXPECT_EQ(book.contact_of(peer)->endpoint, *endpoint_from("10.0.0.4:4040"));
    EXPECT_TRUE(book.may_dial(peer, kStart)) << "a new address is tried at once";
  }
}

TEST(AddressBook, LearnsTheStreamPortOfAContactFromTheCommandLine) {
  AddressBook book(kSelf, kHashKey);
  Contact told = someone(2, "10.0.0.3:4040");
  told.stream_port = 0;
  const PeerId peer = book.intern(told, kNoPeer);
  const PeerId teller = book.introduce(someone(1, "10.0.0.2:4040"), *endpoint_from("10.0.0.2:1"));
  book.intern(someone(2, "10.0.0.3:4040"), teller);
  EXPECT_EQ(book.contact_of(peer)->stream_port, 4041);
  book.intern(told, kNoPeer);
  EXPECT_EQ(book.contact_of(peer)->stream_port, 4041) << "and keeps it";
}

TEST(AddressBook, AnAddressIsBelievedOnlyFromATellerThatIsAsNear) {
  struct Case {
    std::string_view teller, claimed;
    bool believed;
  };
  const Case cases[] = {
      {"8.8.8.8:1", "9.9.9.9:1", true},          {"8.8.8.8:1", "192.168.1.1:1", false},
      {"8.8.8.8:1", "127.0.0.1:1", false},       {"8.8.8.8:1", "224.0.0.1:1", false},
      {"8.8.8.8:1", "[fe80::1]:1", false},       {"8.8.8.8:1", "255.255.255.255:1", false},
      {"192.168.1.9:1", "10.1.1.1:1", true},     {"192.168.1.9:1", "127.0.0.1:1", false},
      {"127.0.0.1:1", "127.0.0.1:2", true},      {"127.0.0.1:1", "[ff02::1]:2", false},
      {"[2001:db8::1]:1", "[fc00::1]:2", false}, {"8.8.8.8:1", "100.64.0.1:1", false},
  };
  for (const Case& one : cases) {
    AddressBook book(kSelf, kHashKey);
    const PeerId teller = book.introduce(someone(1, one.teller), *endpoint_from(one.teller));
    const PeerId peer = book.intern(someone(2, one.claimed), teller);
    EXPECT_EQ(book.may_dial(peer, kStart), one.believed) << one.claimed << " told by " << one.teller;
  }
}

TEST(AddressBook, ANodeThatKeepsToItsOwnNetworksRemembersNobodyBeyondThem) {
  AddressBook book(kSelf, kHashKey);
  book.keep_within(Reach::kPrivate);
  EXPECT_EQ(book.contact_of(book.intern(someone(1, "8.8.8.8:4040"), kNoPeer))->endpoint, Endpoint{});
  EXPECT_EQ(book.contact_of(book.introduce(someone(2, "8.8.8.8:4040"), *endpoint_from("8.8.8.8:1")))->endpoint, Endpoint{});
  EXPECT_EQ(book.contact_of(book.intern(someone(3, "10.0.0.9:4040"), kNoPeer))->endpoint, *endpoint_from("10.0.0.9:4040"));
}

TEST(AddressBook, TakesTheAddressThatItSeesWhereAPeerLeavesItOpen) {
  AddressBook book(kSelf, kHashKey);
  const Endpoint seen = *endpoint_from("8.8.8.8:50000");
  EXPECT_EQ(book.contact_of(book.introduce(someone(1, "0.0.0.0:4040"), seen))->endpoint,
            *endpoint_from("8.8.8.8:4040"));
  EXPECT_EQ(book.contact_of(book.introduce(someone(2, "192.168.0.7:4040"), seen))->endpoint,
            *endpoint_from("8.8.8.8:4040"));
  EXPECT_EQ(book.contact_of(book.introduce(someone(3, "9.9.9.9:4040"), seen))->endpoint,
            *endpoint_from("9.9.9.9:4040"));
}

TEST(AddressBook, ForgetsTheContactUnusedForLongestAndNeverAKeptOne) {
  AddressBook book(kSelf, kHashKey, 4);
  std::vector<PeerId> peers;
  for (std::uint32_t i = 0; i < 3; ++i) peers.push_back(book.intern(someone(i, "10.0.0.2:4040"), kNoPeer));
  book.keep(peers[0]);
  book.intern(someone(1, "10.0.0.2:4040"), kNoPeer);
  book.intern(someone(3, "10.0.0.2:4040"), kNoPeer);
  EXPECT_TRUE(book.contact_of(peers[0])) << "kept";
  EXPECT_TRUE(book.contact_of(peers[1])) << "used again";
  EXPECT_FALSE(book.contact_of(peers[2]));
  EXPECT_EQ(book.size(), 4u);
  book.release(peers[0]);
  for (std::uint32_t i = 10; i < 20; ++i) book.intern(someone(i, "10.0.0.2:4040"), kNoPeer);
  EXPECT_FALSE(book.contact_of(peers[0]));
  EXPECT_TRUE(book.contact_of(book.self()));
  EXPECT_EQ(book.size(), 4u);
}

TEST(AddressBook, NeverGivesANameThatIsInUse) {
  AddressBook book(kSelf, kHashKey, 8);
  const PeerId kept = book.intern(someone(0, "10.0.0.2:4040"), kNoPeer);
  book.keep(kept);
  for (std::uint32_t i = 1; i < 1000; ++i) EXPECT_NE(book.intern(someone(i, "10.0.0.2:4040"), kNoPeer), kept);
}

TEST(AddressBook, WaitsTwiceAsLongAfterEachFailedDial) {
  AddressBook book(kSelf, kHashKey);
  Random random = Random::stream(7, 7, 7);
  const PeerId peer = book.intern(someone(1, "10.0.0.2:4040"), kNoPeer);
  Instant now = kStart;
  for (const Duration expected : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    EXPECT_TRUE(book.may_dial(peer, now));
    book.dial_failed(peer, now, random);
    EXPECT_FALSE(book.may_dial(peer, now + expected * 3 / 4 - 1us));
    now += expected * 5 / 4;
  }
  book.dial_failed(peer, now, random);
  book.dial_succeeded(peer);
  EXPECT_TRUE(book.may_dial(peer, now));
}

}  // namespace
}  // namespace earshot::overlay::net
