// Stations on real sockets: who may go on air, what listeners get, what the limits cut.
#include "tools/node/radio.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace earshot::node {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kSecret = "Authorization: Basic c291cmNlOnNlY3JldA==\r\n";  // source:secret

class RadioTest : public testing::Test {
 protected:
  RadioTest() : radio_(*Radio::open({*endpoint_from("127.0.0.1:0"), "secret"})) {}

  int dial(const std::string& text) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(radio_->endpoint().port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    send(descriptor, text);
    open_.push_back(descriptor);
    return descriptor;
  }
  ~RadioTest() override {
    for (const int descriptor : open_) ::close(descriptor);
  }

  static void send(int descriptor, const std::string& text) { ::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL); }

  // What comes until `until` has been seen, or the end.
  static std::string receive(int descriptor, const std::string& until = "") {
    std::string text;
    std::array<char, 4096> bytes{};
    while (until.empty() || text.find(until) == std::string::npos) {
      pollfd waiting{descriptor, POLLIN, 0};
      if (::poll(&waiting, 1, 10'000) <= 0) return text + "<timed out>";
      const ssize_t got = ::recv(descriptor, bytes.data(), bytes.size(), 0);
      if (got <= 0) break;
      text.append(bytes.data(), static_cast<std::size_t>(got));
    }
    return text;
  }

  int go_on_air(const std::string& name, const std::string& fields = "Content-Type: audio/x-test\r\n") {
    const int source = dial("PUT /live/" + name + " HTTP/1.1\r\n" + kSecret + fields + "\r\n");
    EXPECT_THAT(receive(source, "\r\n\r\n"), StartsWith("HTTP/1.0 200"));
    return source;
  }

  std::unique_ptr<Radio> radio_;
  std::vector<int> open_;
};

TEST_F(RadioTest, WhatASourceSendsIsHeardByAllWhoCameBeforeAndAfter) {
  const int source = go_on_air("show", "Content-Type: audio/x-test\r\nIce-Name: The show\r\n");
  const int early = dial("GET /live/show HTTP/1.1\r\n\r\n");
  EXPECT_THAT(receive(early, "\r\n\r\n"), HasSubstr("icy-name: The show\r\n"));
  send(source, "first words ");
  EXPECT_THAT(receive(early, "first words"), HasSubstr("first words"));
  const int late = dial("GET /live/show HTTP/1.1\r\n\r\n");
  EXPECT_THAT(receive(late, "first words"), HasSubstr("Content-Type: audio/x-test\r\n"));
  send(source, "and more");
  for (const int listener : {early, late}) EXPECT_THAT(receive(listener, "and more"), HasSubstr("and more"));
}

TEST_F(RadioTest, OnlyWhoHasThePasswordGoesOnAirAndOneAtATime) {
  EXPECT_THAT(receive(dial("PUT /live/show HTTP/1.1\r\n\r\n")), StartsWith("HTTP/1.0 401"));
  EXPECT_THAT(receive(dial("SOURCE /show ICE/1.0\r\nAuthorization: Basic c291cmNlOndyb25nISE=\r\n\r\n")), StartsWith("HTTP/1.0 401"));
  EXPECT_THAT(receive(dial("GET /live/show HTTP/1.1\r\n\r\n")), StartsWith("HTTP/1.0 404"));
  go_on_air("show");
  EXPECT_THAT(receive(dial(std::string("PUT /live/show HTTP/1.1\r\n") + kSecret + "\r\n")), StartsWith("HTTP/1.0 409"));
  EXPECT_THAT(receive(dial("DELETE /live/show HTTP/1.1\r\n\r\n")), StartsWith("HTTP/1.0 405"));
  EXPECT_THAT(receive(dial("GET / HTTP/1.1\r\n\r\n")), StartsWith("HTTP/1.0 404"));
}

TEST_F(RadioTest, ASourceThatWaitsForA100OrSendsChunksIsTaken) {
  const int source = dial(std::string("PUT /live/show HTTP/1.1\r\n") + kSecret + "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_THAT(receive(source, "\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  const int listener = dial("GET /live/show HTTP/1.1\r\n\r\n");
  receive(listener, "\r\n\r\n");
  send(source, "5\r\nhello\r\n");
  send(source, "0\r\n\r\n");
  EXPECT_EQ(receive(source), "") << "the source has ended";
}

TEST_F(RadioTest, ListenersStayWhileTheSourceIsAwayAndHearTheNext) {
  const int first = go_on_air("show");
  const int listener = dial("GET /live/show HTTP/1.1\r\n\r\n");
  send(first, "before");
  receive(listener, "before");
  ::shutdown(first, SHUT_RDWR);
  const auto on_air = [&] { return !radio_->stations().empty() && radio_->stations()[0].on_air; };
  while (on_air()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const int second = go_on_air("show");
  send(second, "after");
  EXPECT_THAT(receive(listener, "after"), HasSubstr("after"));
}

// An mp3 of frames of 417 bytes, as at 128 kbit/s, that say what they are.
std::string frames_of(const std::string& word, std::size_t count) {
  std::string frame("\xFF\xFB\x90\x00", 4);
  frame += word;
  frame.resize(417, '.');
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += frame;
  return all;
}

TEST_F(RadioTest, WhileTheSourceIsAwayTheFallbackIsHeardAndThenTheSourceAgain) {
  radio_.reset();
  radio_ = *Radio::open({*endpoint_from("127.0.0.1:0"), "secret", frames_of("meanwhile", 3), 2000});
  const int first = go_on_air("show", "Content-Type: audio/mpeg\r\n");
  const int listener = dial("GET /live/show HTTP/1.1\r\n\r\n");
  send(first, frames_of("before", 5));
  EXPECT_THAT(receive(listener, "before"), Not(HasSubstr("meanwhile")));
  ::shutdown(first, SHUT_RDWR);
  EXPECT_THAT(receive(listener, "meanwhile"), HasSubstr("meanwhile"));
  const int second = go_on_air("show", "Content-Type: audio/mpeg\r\n");
  send(second, frames_of("after", 5));
  EXPECT_THAT(receive(listener, "after"), HasSubstr("after"));
}

TEST_F(RadioTest, AFallbackOfAnotherFormatIsNotHeard) {
  radio_.reset();
  radio_ = *Radio::open({*endpoint_from("127.0.0.1:0"), "secret", frames_of("meanwhile", 3), 2000});
  const int first = go_on_air("show", "Content-Type: application/ogg\r\n");
  const int listener = dial("GET /live/show HTTP/1.1\r\n\r\n");
  receive(listener, "\r\n\r\n");
  ::shutdown(first, SHUT_RDWR);
  pollfd waiting{listener, POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 500), 0);
}

TEST_F(RadioTest, StationsAreListedWithTheirListeners) {
  go_on_air("b");
  go_on_air("a");
  dial("GET /live/a HTTP/1.1\r\n\r\n");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  std::vector<Radio::Row> rows;
  while (std::chrono::steady_clock::now() < end && (rows.size() != 2 || rows[0].listeners != 1)) {
    rows = radio_->stations();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].name, "a");
  EXPECT_EQ(rows[0].listeners, 1u);
  EXPECT_TRUE(rows[1].on_air);
}

TEST_F(RadioTest, SixteenStationsAreAllThereAre) {
  for (std::size_t i = 0; i < Radio::kMaxStations; ++i) go_on_air("station-" + std::to_string(i));
  EXPECT_THAT(receive(dial(std::string("PUT /live/another HTTP/1.1\r\n") + kSecret + "\r\n")), StartsWith("HTTP/1.0 503"));
}

TEST_F(RadioTest, AHeadOfNineKilobytesIsCut) {
  EXPECT_EQ(receive(dial("GET /live/show HTTP/1.1\r\nX: " + std::string(9000, 'x'))), "");
}

}  // namespace
}  // namespace earshot::node
