// The gate, for every route: which requests of a web page get through (none) and which of ours do.
#include "tools/node/api_access.h"

#include <gtest/gtest.h>

namespace earshot::node {
namespace {

const Access kAccess{4080, "secret-token"};

struct Route {
  const char* method;
  const char* target;
};

constexpr Route kRoutes[] = {{"GET", "/api/v1/status"},    {"GET", "/api/v1/peers"},    {"GET", "/api/v1/shares"},
                             {"POST", "/api/v1/searches"}, {"POST", "/api/v1/fetches"}, {"POST", "/api/v1/shares"},
                             {"POST", "/api/v1/imports"},  {"POST", "/api/v1/join"},    {"POST", "/api/v1/shutdown"},
                             {"GET", "/no/such/route"},    {"DELETE", "/api/v1/shares"}};

Request good(const Route& route) {
  Request request;
  request.method = route.method;
  request.target = route.target;
  request.host = "127.0.0.1:4080";
  request.authorization = "Bearer secret-token";
  request.content_type = "application/json";
  return request;
}

int status_of(const Request& request) {
  const auto refused = refusal(request, kAccess);
  return refused ? refused->status : 200;
}

TEST(ApiAccess, LetsTheOwnerThrough) {
  for (const Route& route : kRoutes) EXPECT_EQ(status_of(good(route)), 200) << route.target;
}

TEST(ApiAccess, RefusesAReboundHostWithoutABody) {
  for (const Route& route : kRoutes) {
    for (const char* host :
         {"evil.example:4080", "127.0.0.1", "127.0.0.1:4081", "localhost", "localhost.evil.example:4080", "",
          "127.0.0.1:4080@evil", "0.0.0.0:4080", "127.0.0.1:04080", "[::1]:4081"}) {
      Request request = good(route);
      request.host = host;
      const auto refused = refusal(request, kAccess);
      ASSERT_TRUE(refused) << route.target << " " << host;
      EXPECT_EQ(refused->status, 403) << host;
      EXPECT_EQ(refused->body, "") << host;
    }
    Request none = good(route);
    none.host.reset();
    EXPECT_EQ(status_of(none), 403) << route.target;
  }
}

TEST(ApiAccess, KnowsThreeNamesOfLoopback) {
  for (const char* host : {"127.0.0.1:4080", "[::1]:4080", "localhost:4080", "LOCALHOST:4080"}) {
    Request request = good(kRoutes[0]);
    request.host = host;
    EXPECT_EQ(status_of(request), 200) << host;
  }
}

TEST(ApiAccess, RefusesAForeignOrigin) {
  for (const Route& route : kRoutes) {
    for (const char* origin : {"http://evil.example", "null", "https://127.0.0.1:4080", "http://127.0.0.1:4081", "",
                               "http://127.0.0.1:4080/"}) {
      Request request = good(route);
      request.origin = origin;
      EXPECT_EQ(status_of(request), 403) << route.target << " " << origin;
    }
    Request own = good(route);
    own.origin = "http://localhost:4080";
    EXPECT_EQ(status_of(own), 200) << route.target;
  }
}

TEST(ApiAccess, WantsTheTokenOnEveryRoute) {
  for (const Route& route : kRoutes) {
    for (const char* authorization : {"", "Bearer", "Bearer ", "Bearer wrong-tokenx", "Bearer secret-toke",
                                      "Bearer secret-token2", "bearer secret-token", "Basic secret-token"}) {
      Request request = good(route);
      request.authorization = authorization;
      EXPECT_EQ(status_of(request), 401) << route.target << " '" << authorization << "'";
    }
    Request none = good(route);
    none.authorization.reset();
    EXPECT_EQ(status_of(none), 401) << route.target;
  }
}

TEST(ApiAccess, AnEmptyTokenOpensNothing) {
  Request request = good(kRoutes[0]);
  request.authorization = "Bearer ";
  EXPECT_EQ(refusal(request, {4080, ""})->status, 401);
}

TEST(ApiAccess, APostMustBeJsonOnBothListeners) {
  for (const Route& route : kRoutes) {
    if (std::string_view(route.method) != "POST") continue;
    for (const bool unix_socket : {false, true}) {
      for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
                               "text/plain; application/json", "application/jsonx"}) {
        Request request = good(route);
        request.unix_socket = unix_socket;
        request.content_type = type;
        EXPECT_EQ(status_of(request), 415) << route.target << " " << type;
      }
      Request with_charset = good(route);
      with_charset.content_type = "Application/JSON ; charset=utf-8";
      EXPECT_EQ(status_of(with_charset), 200);
    }
  }
}

TEST(ApiAccess, TheUnixSocketNeedsNeitherHostNorToken) {
  for (const Route& route : kRoutes) {
    Request request = good(route);
    request.unix_socket = true;
    request.host = "anything";
    request.authorization.reset();
    EXPECT_EQ(status_of(request), 200) << route.target;
  }
}

TEST(ApiAccess, ThePagesOwnFilesAndTheDoorNeedNoToken) {
  for (const Route& route : {Route{"GET", "/"}, Route{"GET", "/?x"}, Route{"GET", "/icon.svg"}, Route{"POST", "/api/v1/sessions"}}) {
    Request request = good(route);
    request.authorization.reset();
    EXPECT_EQ(status_of(request), 200) << route.target;
    EXPECT_EQ(role_of(request, kAccess), UserRole::kGuest);
    request.host = "evil.example:4080";
    EXPECT_EQ(status_of(request), 403) << route.target;
    request.host = "127.0.0.1:4080";
    request.origin = "http://evil.example";
    EXPECT_EQ(status_of(request), 403) << route.target;
  }
  for (const Route& route : {Route{"POST", "/"}, Route{"GET", "/api/v1/sessions"}, Route{"DELETE", "/api/v1/sessions"}, Route{"HEAD", "/"}}) {
    Request request = good(route);
    request.authorization.reset();
    EXPECT_EQ(status_of(request), 401) << route.method << " " << route.target;
  }
}

TEST(ApiAccess, ASessionOpensAsMuchAsItsRole) {
  Sessions sessions;
  const Access access{4080, "secret-token", &sessions};
  Request request = good(kRoutes[0]);
  EXPECT_EQ(role_of(request, access), UserRole::kOwner);
  const std::string guest = sessions.open(UserRole::kGuest);
  request.authorization = "Bearer " + guest;
  EXPECT_FALSE(refusal(request, access));
  EXPECT_EQ(role_of(request, access), UserRole::kGuest);
  sessions.end(guest);
  EXPECT_EQ(refusal(request, access)->status, 401);
}

TEST(ApiAccess, AWebSocketCarriesItsSecretAsAProtocol) {
  Request request = good({"GET", "/api/v1/socket"});
  request.authorization.reset();
  const auto with = [&](const std::string& protocols) {
    request.socket_protocols = protocols;
    return status_of(request);
  };
  EXPECT_EQ(with("earshot.v1, token.secret-token"), 200);
  EXPECT_EQ(with("earshot.v1,token.secret-token"), 200);
  for (const char* protocols : {"", "earshot.v1", "token.secret-token", "earshot.v1, token.", "earshot.v1, secret-token",
                                "other, token.secret-token", "earshot.v1, token.secret-token, x"}) {
    EXPECT_EQ(with(protocols), 401) << protocols;
  }
}

TEST(ApiAccess, APutMustBeBytes) {
  Request request = good({"PUT", "/api/v1/uploads"});
  EXPECT_EQ(status_of(request), 415);
  request.content_type = "application/octet-stream";
  EXPECT_EQ(status_of(request), 200);
}

TEST(ApiAccess, TwoHeadersOfOneNameAreRefused) {
  Request request = good(kRoutes[0]);
  request.repeated_header = true;
  EXPECT_EQ(status_of(request), 400);
}

TEST(ApiAccess, ATicketOpensOneContentForReading) {
  const std::string target = "/content/ppspp:ab?ticket=" + ticket_for(kAccess, "ppspp:ab");
  const auto status = [](const char* method, const std::string& of) {
    Request request = good({method, of.c_str()});
    request.authorization.reset();
    return status_of(request);
  };
  EXPECT_EQ(status("GET", target), 200);
  EXPECT_EQ(status("HEAD", target), 200);
  EXPECT_EQ(status("POST", target), 401);
  EXPECT_EQ(status("GET", "/content/ppspp:ac?ticket=" + ticket_for(kAccess, "ppspp:ab")), 401);
  EXPECT_EQ(status("GET", "/content/ppspp:ab"), 401);
  EXPECT_EQ(status("GET", "/content/ppspp:ab?ticket="), 401);
  EXPECT_EQ(status("GET", "/api/v1/status?ticket=" + ticket_for(kAccess, "ppspp:ab")), 401);
  EXPECT_NE(ticket_for(kAccess, "ppspp:ab"), ticket_for({4080, "another-token"}, "ppspp:ab"));
}

TEST(ApiAccess, AFeedHasATicketThatOutlivesTheRun) {
  Access access = kAccess;
  access.ticket_key = "kept in the data folder";
  const std::string target = "/feed/ab.xml?ticket=" + ticket_for(access, "feed/ab");
  access.token = "of-another-run";
  const auto status = [&](const std::string& of) {
    Request request = good({"GET", of.c_str()});
    request.authorization.reset();
    return refusal(request, access).value_or(Reply{}).status;
  };
  EXPECT_EQ(status(target), 200);
  EXPECT_EQ(status("/feed/ac.xml?ticket=" + ticket_for(access, "feed/ab")), 401);
  EXPECT_EQ(status("/feed/ab.xml?ticket=" + ticket_for(access, "ab")), 401);
  EXPECT_EQ(status("/feed/ab.xml"), 401);
  EXPECT_EQ(status("/content/ab?whole=1&ticket=" + ticket_for(access, "ab")), 200);
}

TEST(ApiAccess, ATicketDoesNotHelpAReboundHost) {
  const std::string target = "/content/ppspp:ab?ticket=" + ticket_for(kAccess, "ppspp:ab");
  Request request = good({"GET", target.c_str()});
  request.host = "evil.example:4080";
  EXPECT_EQ(status_of(request), 403);
}

}  // namespace
}  // namespace earshot::node
