// Endpoints and contacts read back as they were written, and refuse what cannot be dialled.
#include "schema/endpoint.h"

#include <gtest/gtest.h>

namespace earshot {
namespace {

TEST(Endpoint, ReadsBackItsText) {
  for (const char* text : {"127.0.0.1:4040", "0.0.0.0:0", "[::1]:65535", "[2001:db8::1]:1"}) {
    const auto endpoint = endpoint_from(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(to_string(*endpoint), text);
  }
}

TEST(Endpoint, RefusesNamesAndBadPorts) {
  for (const char* text : {"", "localhost:1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "[127.0.0.1]:80", "[]:1"}) {
    EXPECT_FALSE(endpoint_from(text)) << text;
  }
}

TEST(Endpoint, KnowsLoopbackAndUnspecified) {
  EXPECT_TRUE(endpoint_from("127.9.9.9:1")->is_loopback());
  EXPECT_TRUE(endpoint_from("[::1]:1")->is_loopback());
  EXPECT_FALSE(endpoint_from("10.0.0.1:1")->is_loopback());
  EXPECT_TRUE(endpoint_from("0.0.0.0:1")->is_unspecified());
  EXPECT_TRUE(endpoint_from("[::]:1")->is_unspecified());
  EXPECT_FALSE(endpoint_from("[::1]:1")->is_unspecified());
}

TEST(Contact, ReadsBackItsText) {
  const std::string text = "earshot://" + std::string(62, '0') + "ff@127.0.0.1:4040";
  const auto contact = contact_from(text);
  ASSERT_TRUE(contact);
  EXPECT_EQ(to_string(*contact), text);
  EXPECT_EQ(contact->key.bytes[31], 0xff);
}

TEST(Contact, RefusesWhatCannotBeDialled) {
  const std::string key(64, 'a');
  EXPECT_FALSE(contact_from("earshot://" + key + "@0.0.0.0:4040"));
  EXPECT_FALSE(contact_from("earshot://" + key + "@127.0.0.1:0"));
  EXPECT_FALSE(contact_from("earshot://" + key));
  EXPECT_FALSE(contact_from("http://" + key + "@127.0.0.1:1"));
  EXPECT_FALSE(contact_from("earshot://aa@127.0.0.1:1"));
}

}  // namespace
}  // namespace earshot
