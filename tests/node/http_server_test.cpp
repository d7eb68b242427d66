// The server on real sockets: limits, headers, readers that go away.
#include "tools/node/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <future>
#include <thread>

#include "tests/node/fakes.h"

namespace earshot::node {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    auto opened = HttpServer::open(folder_ / "s", 0);
    if (!opened) throw std::runtime_error(opened.error().what);
    server_ = std::move(*opened);
    thread_ = std::thread([this] {
      server_->run([this](const Request& request, const std::shared_ptr<Channel>& channel) {
        const std::lock_guard lock(mutex_);
        handler_(request, channel);
      });
    });
  }
  ~HttpServerTest() override {
    server_->stop();
    thread_.join();
  }

  void handle_with(HttpServer::Handler handler) {
    const std::lock_guard lock(mutex_);
    handler_ = std::move(handler);
  }

  int dial_tcp() const {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_->endpoint().port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    return descriptor;
  }

  int dial_unix() const {
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, (folder_ / "s").c_str());
    EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    return descriptor;
  }

  static void send(int descriptor, const std::string& text) {
    ::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL);
  }

  // What comes until the end of the connection, or until `until` has been seen.
  static std::string receive(int descriptor, const std::string& until = "") {
    std::string text;
    char buffer[4096];
    while (until.empty() || text.find(until) == std::string::npos) {
      pollfd waiting{descriptor, POLLIN, 0};
      if (::poll(&waiting, 1, 15'000) <= 0) return text + "<timed out>";
      const ssize_t got = ::recv(descriptor, buffer, sizeof(buffer), 0);
      if (got <= 0) break;
      text.append(buffer, static_cast<std::size_t>(got));
    }
    return text;
  }

  static std::string answer(int descriptor, const std::string& request) {
    send(descriptor, request);
    std::string text = receive(descriptor);
    ::close(descriptor);
    return text;
  }

  TemporaryFolder folder_;
  std::unique_ptr<HttpServer> server_;
  std::mutex mutex_;
  // Guarded by mutex_.
  HttpServer::Handler handler_ = [](const Request& request, const std::shared_ptr<Channel>& channel) {
    channel->reply({200,
                    "\"" + request.method + " " + request.target + " " + request.body +
                        (request.unix_socket ? " local" : "") + "\"",
                    ""});
  };
  std::thread thread_;
};

TEST_F(HttpServerTest, AnswersOnBothListenersWithSafeHeaders) {
  const std::string over_tcp =
      answer(dial_tcp(), "POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_THAT(over_tcp, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(over_tcp, HasSubstr("\"POST /x hi\""));
  for (const char* header : {"X-Content-Type-Options: nosniff\r\n", "Content-Security-Policy: default-src 'none'",
                             "Content-Type: application/json\r\n", "Cache-Control: no-store\r\n"}) {
    EXPECT_THAT(over_tcp, HasSubstr(header));
  }
  EXPECT_THAT(answer(dial_unix(), "GET /y HTTP/1.1\r\nConnection: close\r\n\r\n"), HasSubstr("\"GET /y  local\""));
}

TEST_F(HttpServerTest, TheSocketIsForItsOwnerOnly) {
  struct stat found {};
  ASSERT_EQ(::stat((folder_ / "s").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777u, 0600u);
}

TEST_F(HttpServerTest, OneConnectionCarriesManyRequests) {
  const int descriptor = dial_tcp();
  for (int i = 0; i < 3; ++i) {
    send(descriptor, "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(receive(descriptor, "\"\n"), HasSubstr("\"GET /" + std::to_string(i)));
  }
  ::close(descriptor);
}

// Once an abort: the next request was read while the end of the reader was still being waited for.
TEST_F(HttpServerTest, AnAnswerFromAnotherThreadIsTheLastOfItsConnection) {
  std::thread later;
  handle_with([&](const Request&, const std::shared_ptr<Channel>& channel) {
    later = std::thread([channel] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      channel->reply({200, "\"late\"", ""});
    });
  });
  const std::string text = answer(dial_tcp(), "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(text, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(text, HasSubstr("\"late\""));
  later.join();
}

TEST_F(HttpServerTest, ManyRequestsInOnePacketAreAnsweredInTurn) {
  const std::string text =
      answer(dial_tcp(), "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(text, HasSubstr("\"GET /1 \""));
  EXPECT_THAT(text, HasSubstr("\"GET /2 \""));
}

TEST_F(HttpServerTest, LinesAreChunksThatArriveAtOnce) {
  std::promise<std::shared_ptr<Channel>> promise;
  handle_with([&](const Request&, const std::shared_ptr<Channel>& channel) { promise.set_value(channel); });
  const int descriptor = dial_tcp();
  send(descriptor, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto channel = promise.get_future().get();
  channel->line("{\"n\":1}");
  EXPECT_THAT(receive(descriptor, "{\"n\":1}"), HasSubstr("Transfer-Encoding: chunked"));
  channel->line("{\"n\":2}");
  channel->close();
  EXPECT_THAT(receive(descriptor), EndsWith("8\r\n{\"n\":2}\n\r\n0\r\n\r\n"));
  ::close(descriptor);
}

// Comes in three steps: no head, a head without bytes, bytes.
class SlowBody final : public Body {
 public:
  Result<std::optional<Head>> head() override {
    if (++asked_ < 3) return std::optional<Head>();
    Head head{206, "Content-Type: audio/mpeg\r\n", 200'000};
    return std::optional<Head>(head);
  }
  Result<std::size_t> pull(std::span<std::uint8_t> into) override {
    if (++asked_ % 2 == 0) return std::size_t{0};
    std::fill(into.begin(), into.end(), std::uint8_t{'b'});
    return into.size();
  }

 private:
  int asked_ = 0;
};

TEST_F(HttpServerTest, ABodyIsPulledAsItComesAndTheConnectionGoesOn) {
  handle_with([](const Request&, const std::shared_ptr<Channel>& channel) { channel->body(std::make_unique<SlowBody>()); });
  const std::string twice = answer(dial_tcp(), "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(twice, StartsWith("HTTP/1.1 206 Partial Content\r\n"));
  EXPECT_THAT(twice, HasSubstr("Content-Length: 200000\r\n"));
  EXPECT_EQ(twice.find("\r\n\r\n" + std::string(200'000, 'b') + "HTTP/1.1 206"), twice.find("\r\n\r\n"));
  EXPECT_THAT(twice, EndsWith("\r\n\r\n" + std::string(200'000, 'b')));
}

TEST_F(HttpServerTest, AReaderThatGoesAwayIsNoticed) {
  std::promise<void> gone;
  handle_with(
      [&](const Request&, const std::shared_ptr<Channel>& channel) { channel->when_gone([&] { gone.set_value(); }); });
  const int descriptor = dial_tcp();
  send(descriptor, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ::close(descriptor);
  EXPECT_EQ(gone.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
}

TEST_F(HttpServerTest, AHeaderOfNineKilobytesIsRefused) {
  EXPECT_THAT(answer(dial_tcp(), "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(9000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
}

TEST_F(HttpServerTest, ABodyThatClaimsTooMuchIsRefusedBeforeItComes) {
  EXPECT_THAT(answer(dial_tcp(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(answer(dial_tcp(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\n"),
              Not(HasSubstr("200 OK")));
}

TEST_F(HttpServerTest, NonsenseIsA400) {
  EXPECT_THAT(answer(dial_tcp(), "nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(answer(dial_tcp(), "GET / HTTP/1.1\r\nbad header\r\n\r\n"), StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpServerTest, ASilentConnectionIsCutAfterFiveSecondsAndDisturbsNobody) {
  const int silent = dial_tcp();
  send(silent, "GET / HT");
  EXPECT_THAT(answer(dial_tcp(), "GET /y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), HasSubstr("200 OK"));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(receive(silent), "");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(8));
  ::close(silent);
}

TEST_F(HttpServerTest, SixtyFiveConnectionsAreOneTooManyButTheSocketStaysOpen) {
  std::vector<int> silent;
  for (int i = 0; i < 64; ++i) silent.push_back(dial_tcp());
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(answer(dial_tcp(), "GET /y HTTP/1.1\r\nHost: a\r\n\r\n"), "");
  EXPECT_THAT(answer(dial_unix(), "GET /y HTTP/1.1\r\nConnection: close\r\n\r\n"), HasSubstr("200 OK"));
  for (const int descriptor : silent) ::close(descriptor);
}

// A frame of a client: text, final, masked with zeros.
std::string frame(const std::string& text) {
  std::string bytes("\x81");
  bytes.push_back(static_cast<char>(0x80 | text.size()));
  return bytes + std::string(4, '\0') + text;
}

constexpr const char* kUpgrade =
    "GET /api/v1/socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: earshot.v1, token.x\r\n\r\n";

TEST_F(HttpServerTest, AWebSocketCarriesCallsBothWays) {
  std::promise<void> gone;
  handle_with([&](const Request&, const std::shared_ptr<Channel>& channel) {
    channel->socket([&](const Request& request, const std::shared_ptr<Channel>& call) {
      call->line("\"" + request.target + "\"");
      if (request.target == "/stays") call->when_gone([&] { gone.set_value(); });
      else call->close();
    });
  });
  const int descriptor = dial_tcp();
  send(descriptor, kUpgrade);
  const std::string answer = receive(descriptor, "\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 101"));
  EXPECT_THAT(answer, HasSubstr("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));  // RFC 6455, 1.3
  EXPECT_THAT(answer, HasSubstr("Sec-WebSocket-Protocol: earshot.v1\r\n"));
  send(descriptor, frame(R"({"id":1,"method":"GET","path":"/one"})") + frame(R"({"id":2,"method":"GET","path":"/stays"})"));
  EXPECT_THAT(receive(descriptor, "/stays"), HasSubstr(R"({"id":1,"line":"/one"})"));
  ::close(descriptor);
  EXPECT_EQ(gone.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
}

TEST_F(HttpServerTest, AWebSocketThatBreaksTheRulesIsCut) {
  handle_with([&](const Request&, const std::shared_ptr<Channel>& channel) {
    channel->socket([](const Request&, const std::shared_ptr<Channel>&) {});
  });
  for (const std::string& bytes : {frame("nonsense"), std::string("\x82\x80\0\0\0\0", 6), std::string("\x81\x05hello"),
                                   std::string("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14)}) {
    const int descriptor = dial_tcp();
    send(descriptor, kUpgrade);
    receive(descriptor, "\r\n\r\n");
    send(descriptor, bytes);
    EXPECT_THAT(receive(descriptor), Not(HasSubstr("timed out")));
    ::close(descriptor);
  }
}

TEST_F(HttpServerTest, WhoDoesNotAskForAWebSocketGetsA426) {
  handle_with([&](const Request&, const std::shared_ptr<Channel>& channel) {
    channel->socket([](const Request&, const std::shared_ptr<Channel>&) {});
  });
  EXPECT_THAT(answer(dial_tcp(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 426"));
}

TEST_F(HttpServerTest, AFileOfThePageIsSentWithItsOwnHeaders) {
  handle_with([](const Request&, const std::shared_ptr<Channel>& channel) {
    channel->reply({200, "<p>", "", "Content-Type: text/html\r\n"});
  });
  const std::string text = answer(dial_tcp(), "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(text, HasSubstr("Content-Length: 3\r\n"));
  EXPECT_THAT(text, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(text, Not(HasSubstr("default-src")));
  EXPECT_THAT(text, EndsWith("\r\n\r\n<p>"));
}

TEST(HttpServer, ASocketPathThatIsTooLongIsSaid) {
  const auto server = HttpServer::open("/tmp/" + std::string(200, 'x'), 0);
  ASSERT_FALSE(server);
  EXPECT_THAT(server.error().what, HasSubstr("--datadir"));
}

TEST(HttpServer, APortThatIsTakenIsSaid) {
  const TemporaryFolder folder;
  const auto first = HttpServer::open(folder / "a", 0);
  ASSERT_TRUE(first);
  const auto second = HttpServer::open(folder / "b", (*first)->endpoint().port);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnreachable);
}

}  // namespace
}  // namespace earshot::node
