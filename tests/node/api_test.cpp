// The routes, without sockets: what they ask of the node, and what they answer.
#include "tools/node/api.h"

#include <gmock/gmock.h>

#include "tests/node/fakes.h"
#include "tools/node/api_json.h"

namespace earshot::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class ApiTest : public testing::Test {
 protected:
  ApiTest() {
    auto engine = std::make_unique<FakeEngine>();
    engine_ = engine.get();
    engines_.emplace(Scheme::kPpspp, std::move(engine));
    fetches_ = std::make_unique<Fetches>(engines_, [](const std::filesystem::path& file, Scheme) {
      return Result<ContentId>(id_of_text(text_of(file)));
    });
    scanner_ = std::make_unique<Scanner>(
        index_, *engine_, [](int, const std::filesystem::path&) { return Result<AudioFile>(AudioFile{{}, Digest32{7}}); }, folder_ / "library");
    worker_ = std::make_unique<Worker>();
    providers_.start(node_);
    ApiParts parts{node_, index_, *scanner_, *worker_, *fetches_, plays_, folder_ / "music", "node", [this] { ++shutdowns_; }, users_.get()};
    parts.providers = &providers_;
    api_ = std::make_unique<Api>(std::move(parts), Access{4080, "token"});
  }

  std::shared_ptr<RecordedChannel> call(const std::string& method, const std::string& target,
                                        const std::string& body = "") {
    Request request;
    request.method = method;
    request.target = target;
    request.content_type = method == "PUT" ? "application/octet-stream" : "application/json";
    request.body = body;
    request.unix_socket = true;
    auto channel = std::make_shared<RecordedChannel>();
    api_->handle(request, channel);
    return channel;
  }

  int status_of(const std::string& method, const std::string& target, const std::string& body = "") {
    const auto channel = call(method, target, body);
    return channel->replied ? channel->replied->status : 200;
  }

  TemporaryFolder folder_;
  FakeNode node_;
  Providers providers_;
  MemoryIndex index_;
  Engines engines_;
  FakeEngine* engine_ = nullptr;
  std::unique_ptr<Scanner> scanner_;
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<Fetches> fetches_;
  Plays plays_{engines_};
  std::unique_ptr<Users> users_ = *Users::open(folder_ / "users");
  int shutdowns_ = 0;
  std::unique_ptr<Api> api_;
};

SearchEvent event_with(std::vector<ReachableHit> hits, bool last) {
  SearchEvent event;
  event.hits = std::move(hits);
  event.progress.messages_sent = 4;
  event.progress.answers = 2;
  event.progress.hits = 2;
  event.last = last;
  return event;
}

TEST_F(ApiTest, UnknownRoutesAndMethodsAreToldApart) {
  EXPECT_EQ(status_of("GET", "/no/such/page"), 404);
  EXPECT_EQ(status_of("GET", "/api/v1"), 404);
  EXPECT_EQ(status_of("GET", "/api/v1/statusx"), 404);
  EXPECT_EQ(status_of("GET", "/api/v1/status?x=1"), 200);
  EXPECT_EQ(status_of("HEAD", "/api/v1/status"), 405);
  const auto channel = call("DELETE", "/api/v1/shares");
  EXPECT_EQ(channel->replied->status, 405);
  EXPECT_EQ(channel->replied->allow, "GET, POST");
}

TEST_F(ApiTest, NoGetChangesAnything) {
  for (const char* target :
       {"/api/v1/searches", "/api/v1/fetches", "/api/v1/imports", "/api/v1/join", "/api/v1/shutdown"}) {
    EXPECT_EQ(status_of("GET", target, "{}"), 405) << target;
  }
  call("GET", "/api/v1/shares", R"({"path":"/etc"})");
  EXPECT_EQ(shutdowns_, 0);
  EXPECT_THAT(node_.asked, IsEmpty());
  EXPECT_THAT(scanner_->shares(), IsEmpty());
}

TEST_F(ApiTest, TheGateStandsBeforeTheRoutes) {
  Request request;
  request.method = "POST";
  request.target = "/api/v1/shutdown";
  request.content_type = "application/json";
  request.host = "evil.example:4080";
  const auto channel = std::make_shared<RecordedChannel>();
  api_->handle(request, channel);
  EXPECT_EQ(channel->replied->status, 403);
  EXPECT_EQ(shutdowns_, 0);
}

TEST_F(ApiTest, StatusSaysWhoWeAre) {
  const auto channel = call("GET", "/api/v1/status");
  ASSERT_TRUE(channel->replied);
  EXPECT_THAT(channel->replied->body, HasSubstr(R"("v":1,"type":"status")"));
  EXPECT_THAT(channel->replied->body, HasSubstr(to_string(node_.self())));
  EXPECT_THAT(channel->replied->body, HasSubstr(R"("neighbors":3)"));
}

TEST_F(ApiTest, MetricsAreTextForPrometheus) {
  const auto channel = call("GET", "/metrics");
  ASSERT_TRUE(channel->replied);
  EXPECT_EQ(channel->replied->status, 200);
  EXPECT_THAT(channel->replied->file_fields, HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(channel->replied->body, HasSubstr("earshot_build_info{version="));
  EXPECT_EQ(status_of("POST", "/metrics", "{}"), 405);
}

TEST_F(ApiTest, PeersAreOneLineEach) {
  node_.rows.resize(2);
  node_.rows[1].contact = contact_of(9);
  node_.rows[1].neighbor = true;
  const auto lines = call("GET", "/api/v1/peers")->lines();
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_THAT(lines[1], HasSubstr(R"("neighbor":true)"));
  EXPECT_THAT(lines[2], HasSubstr(R"("type":"done")"));
}

TEST_F(ApiTest, ASearchStreamsHitsAsTheyComeAndClosesWithASummary) {
  const auto channel = call("POST", "/api/v1/searches",
                            R"({"text":"so what","limit":5,"strategy":"walk","ttl":9,"walkers":2,"time_ms":700})");
  ASSERT_THAT(node_.asked, SizeIs(1));
  SearchRequest wanted;
  wanted.text = "so what";
  wanted.limit = 5;
  wanted.strategy = StrategyKind::kWalk;
  wanted.ttl = 9;
  wanted.walkers = 2;
  wanted.time = 700ms;
  EXPECT_EQ(node_.asked[0], wanted);

  node_.listener(event_with({{track_of(1, "So What"), contact_of(2), 10, 3}}, false));
  EXPECT_FALSE(channel->closed());
  node_.listener(event_with(
      {{track_of(1, "So What"), contact_of(3), 12, 2}, {track_of(1, "So What"), contact_of(3), 12, 2}}, false));
  node_.listener(event_with({}, true));

  const auto lines = channel->lines();
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_THAT(lines[0], HasSubstr(R"("type":"hit","content":"ppspp:0101)"));
  EXPECT_THAT(lines[0], HasSubstr(R"("endpoint":"127.0.0.1:4040","stream":"127.0.0.1:5002"}])"));
  EXPECT_THAT(lines[0], HasSubstr(R"("hops":3)"));
  EXPECT_THAT(lines[1], HasSubstr("127.0.0.1:5002\"},{"));  // both holders
  EXPECT_THAT(lines[1], HasSubstr(R"("hops":2)"));
  EXPECT_THAT(lines[2], HasSubstr(R"("type":"summary","hits":1,"holders":2)"));
  EXPECT_THAT(lines[2], HasSubstr(R"("messages":4,"answers":2)"));
}

TEST_F(ApiTest, RowsOfOneRecordingNameTheFirstOfThem) {
  folder_.write("tunes/a.ogg", "a");
  ASSERT_TRUE(scanner_->scan(folder_ / "tunes", [](const ScanProgress&) { return true; }));
  const auto channel = call("POST", "/api/v1/searches", R"({"text":"so what"})");
  Track first = track_of(1, "So What"), same = track_of(2, "SO WHAT"), longer = track_of(3, "So What");
  for (Track* one : {&first, &same, &longer}) one->artist = "Miles Davis";
  first.duration_ms = same.duration_ms = 545'000;
  longer.duration_ms = 601'000;
  node_.listener(event_with({{first, contact_of(2), 10, 3}, {same, contact_of(3), 9, 3}, {longer, contact_of(3), 9, 3}}, true));
  const auto lines = channel->lines();
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_THAT(lines[0], HasSubstr("\"recording\":\"" + to_string(first.content)));
  EXPECT_THAT(lines[1], HasSubstr("\"recording\":\"" + to_string(first.content)));
  EXPECT_THAT(lines[2], HasSubstr("\"recording\":\"" + to_string(longer.content)));
}

TEST_F(ApiTest, FilesOfThisNodeThatSoundAlikeAreOneRecording) {
  // Every file of this scanner has the same sound.
  const std::string a = "a", b = "b with other tags";
  folder_.write("tunes/a.ogg", a);
  folder_.write("tunes/b.ogg", b);
  ASSERT_TRUE(scanner_->scan(folder_ / "tunes", [](const ScanProgress&) { return true; }));
  const auto channel = call("POST", "/api/v1/searches", R"({"text":"so what"})");
  Track tagged = track_of(1, "So What"), retagged = track_of(2, "Track 01");
  tagged.content = id_of_text(b);
  retagged.content = id_of_text(a);
  node_.listener(event_with({{tagged, contact_of(2), 10, 3}, {retagged, contact_of(2), 9, 3}}, true));
  const auto lines = channel->lines();
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_THAT(lines[1], HasSubstr("\"recording\":\"" + to_string(tagged.content)));
}

TEST_F(ApiTest, WithoutPicturesThereIsNone) {
  EXPECT_EQ(call("GET", "/api/v1/cover?content=nonsense")->replied->status, 400);
  EXPECT_EQ(call("GET", "/api/v1/cover?content=" + to_string(id_of_text("a")))->replied->status, 404);
}

TEST_F(ApiTest, AReaderThatGoesAwayCancelsItsSearch) {
  const auto channel = call("POST", "/api/v1/searches", R"({"text":"so what"})");
  channel->on_gone();
  EXPECT_THAT(node_.cancelled, ElementsAre(QueryId{7, 1}));
}

TEST_F(ApiTest, BadSearchesAreRefusedByName) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", "not JSON"},
      {"[]", "not a JSON object"},
      {"{", "not JSON"},
      {"{}", "'text' must be a text"},
      {R"({"text":7})", "'text' must be a text"},
      {R"({"text":""})", "empty"},
      {R"({"text":"x","limit":0})", "limit 0"},
      {R"({"text":"x","limit":51})", "limit 51"},
      {R"({"text":"x","limit":-1})", "'limit' must be a whole number"},
      {R"({"text":"x","limit":1.5})", "'limit' must be a whole number"},
      {R"({"text":"x","limit":"5"})", "'limit' must be a whole number"},
      {R"({"text":"x","ttl":8})", "ttl 8"},
      {R"({"text":"x","ttl":99999999999})", "'ttl' must be a whole number"},
      {R"({"text":"x","strategy":"gossip"})", "'strategy' must be"},
      {R"({"text":"x","time_ms":0})", "time 0"},
      {R"({"text":"x","time_ms":120001})", "'time_ms' must be"},
      {R"({"text":"x","colour":"red"})", "unknown field 'colour'"},
      {"{\"text\":\"\x1b[2J\"}", "not JSON"},
      {R"({"text":"\u001b[2J"})", "not clean"},
  };
  for (const auto& [body, what] : bad) {
    const auto channel = call("POST", "/api/v1/searches", body);
    ASSERT_TRUE(channel->replied) << body;
    EXPECT_EQ(channel->replied->status, 400) << body;
    EXPECT_THAT(channel->replied->body, HasSubstr(what)) << body;
  }
  EXPECT_THAT(node_.asked, IsEmpty());
}

TEST_F(ApiTest, TooManySearchesAreA503) {
  node_.refusal = Error{ErrorCode::kExhausted, "too many open queries"};
  EXPECT_EQ(status_of("POST", "/api/v1/searches", R"({"text":"x"})"), 503);
}

TEST_F(ApiTest, DeeplyNestedJsonIsRefusedAndHarmless) {
  const std::string deep = R"({"text":)" + std::string(30'000, '[') + std::string(30'000, ']') + "}";
  EXPECT_EQ(status_of("POST", "/api/v1/searches", deep), 400);
}

TEST_F(ApiTest, AFetchUsesTheHoldersThatASearchSaw) {
  const std::string text = "the bytes of a song";
  Track track = track_of(0, "A Song");
  track.content = id_of_text(text);
  engine_->texts[track.content] = text;
  call("POST", "/api/v1/searches", R"({"text":"song"})");
  node_.listener(event_with({{track, contact_of(2), 1, 1}, {track, contact_of(3), 1, 1}}, true));

  const auto lines = call("POST", "/api/v1/fetches", R"({"content":")" + to_string(track.content) + "\"}")->lines();
  ASSERT_THAT(lines, Not(IsEmpty()));
  EXPECT_THAT(lines.back(), HasSubstr(R"("type":"done")"));
  EXPECT_THAT(lines.back(), HasSubstr(R"("verified":true)"));
  EXPECT_EQ(text_of(folder_ / "music/Artist - A Song.ogg"), text);
  EXPECT_THAT(engine_->last_providers, SizeIs(2));
}

TEST_F(ApiTest, AFetchCanBeToldHowToNameTheFile) {
  const std::string text = "the bytes of a song";
  engine_->texts[id_of_text(text)] = text;
  const std::string order = R"({"content":")" + to_string(id_of_text(text)) +
                            R"(","providers":["127.0.0.1:1"],"title":"../T","artist":"A","codec":"flac"})";
  EXPECT_THAT(call("POST", "/api/v1/fetches", order)->lines().back(), HasSubstr(R"("verified":true)"));
  EXPECT_EQ(text_of(folder_ / "music/A - .._T.flac"), text);
}

TEST_F(ApiTest, AFetchOfADescribedTrackSaysThatThereIsNoAudio) {
  ContentId described = content_of(5);
  described.scheme = Scheme::kDescribed;
  const auto channel =
      call("POST", "/api/v1/fetches", R"({"content":")" + to_string(described) + R"(","providers":["127.0.0.1:1"]})");
  EXPECT_EQ(channel->replied->status, 501);
}

TEST_F(ApiTest, BadFetchesAreRefused) {
  for (const std::string& body : {std::string(R"({"content":"ppspp:12"})"), std::string(R"({"content":7})"),
                                  R"({"content":")" + to_string(content_of(1)) + R"(","providers":["localhost:1"]})",
                                  R"({"content":")" + to_string(content_of(1)) + R"(","out":"relative/path"})",
                                  R"({"content":")" + to_string(content_of(1)) + R"(","out":"/a\u0000b"})"}) {
    EXPECT_EQ(status_of("POST", "/api/v1/fetches", body), 400) << body;
  }
}

TEST_F(ApiTest, APlaySaysWhereAPlayerFindsTheContentAndAsksAtOnceForItsEnds) {
  api_->listening_on(*endpoint_from("127.0.0.1:4080"));
  const auto channel = call("POST", "/api/v1/plays", R"({"content":")" + to_string(content_of(7)) + R"(","providers":["127.0.0.1:5002"]})");
  ASSERT_TRUE(channel->replied);
  EXPECT_EQ(channel->replied->status, 200);
  EXPECT_THAT(channel->replied->body, HasSubstr("\"url\":\"http://127.0.0.1:4080/content/" + to_string(content_of(7)) + "?ticket="));
  EXPECT_THAT(engine_->last_providers, ElementsAre(*endpoint_from("127.0.0.1:5002")));
}

TEST_F(ApiTest, WhatIsPlayedIsReadAsAResource) {
  engine_->texts[content_of(7)] = "fLaC and so on";
  call("POST", "/api/v1/plays", R"({"content":")" + to_string(content_of(7)) + R"(","providers":["127.0.0.1:5002"]})");
  const auto channel = call("GET", "/content/" + to_string(content_of(7)));
  ASSERT_TRUE(channel->bytes);
  const auto head = channel->bytes->head();
  ASSERT_TRUE(head && *head);
  EXPECT_EQ((*head)->size, 14u);
}

TEST_F(ApiTest, AContentOfWhichNoHolderIsKnownIsAskedForInTheNetworkByItsId) {
  engine_->texts[content_of(9)] = "fLaC and so on";
  node_.answer_at_once = event_with({{track_of(9, "Nine"), contact_of(2), 500, 1}}, /*last=*/true);
  const auto channel = call("POST", "/api/v1/plays", R"({"content":")" + to_string(content_of(9)) + R"("})");
  channel->lines();
  ASSERT_TRUE(channel->replied);
  EXPECT_EQ(channel->replied->status, 200);
  EXPECT_THAT(channel->replied->body, HasSubstr("Nine"));
  EXPECT_EQ(node_.asked.front().text, to_string(content_of(9)));
  EXPECT_THAT(engine_->last_providers, ElementsAre(contact_of(2).stream_endpoint()));
}

TEST_F(ApiTest, AContentThatNobodyHoldsIsNotFound) {
  node_.answer_at_once = event_with({}, /*last=*/true);
  for (const auto& [method, target, body] : std::vector<std::array<std::string, 3>>{
           {"GET", "/content/" + to_string(content_of(9)), ""},
           {"POST", "/api/v1/plays", R"({"content":")" + to_string(content_of(9)) + R"("})"},
           {"POST", "/api/v1/fetches", R"({"content":")" + to_string(content_of(9)) + R"("})"}}) {
    const auto channel = call(method, target, body);
    channel->lines();
    ASSERT_TRUE(channel->replied) << target;
    EXPECT_EQ(channel->replied->status, 404) << target;
    EXPECT_THAT(channel->replied->body, HasSubstr("nobody who was asked holds")) << target;
  }
  EXPECT_EQ(status_of("GET", "/content/nonsense"), 400);
  EXPECT_EQ(status_of("DELETE", "/content/" + to_string(content_of(9))), 405);
}

TEST_F(ApiTest, AShareIsBrowsedPageByPageAndWhatWasSeenCanBePlayed) {
  node_.page = SharePage{{track_of(3, "Three"), track_of(4, "Four")}, contact_of(2), 70, 52};
  const auto lines = call("POST", "/api/v1/browses", R"({"peer":")" + to_string(contact_of(2)) + R"(","from":50})")->lines();
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_THAT(lines[0], HasSubstr("Three"));
  EXPECT_THAT(lines[0], HasSubstr(to_string(contact_of(2).key)));
  EXPECT_EQ(lines[2], R"({"v":1,"type":"done","from":50,"next":52,"shared":70})");
  EXPECT_EQ(node_.browsed.back().first.endpoint, contact_of(2).endpoint);
  EXPECT_EQ(node_.browsed.back().second, 50u);
  EXPECT_EQ(status_of("POST", "/api/v1/plays", R"({"content":")" + to_string(content_of(4)) + R"("})"), 200);
}

TEST_F(ApiTest, ABrowseThatIsRefusedSaysWhy) {
  node_.page = fail(ErrorCode::kDenied, "this peer does not show what it shares");
  const auto by_key = call("POST", "/api/v1/browses", R"({"peer":")" + to_string(contact_of(2).key) + R"("})");
  EXPECT_EQ(by_key->replied->status, 403);
  EXPECT_EQ(node_.browsed.back().first.key, contact_of(2).key);
  EXPECT_EQ(node_.browsed.back().first.endpoint.port, 0);
  for (const char* body : {R"({"peer":"nobody"})", R"({"peer":7})", "{}", R"({"peer":"earshot://00@1.2.3.4:5"})"}) {
    EXPECT_EQ(status_of("POST", "/api/v1/browses", body), 400) << body;
  }
}

TEST_F(ApiTest, SharingScansAndReports) {
  folder_.write("songs/one.ogg", "one");
  folder_.write("songs/notes.txt", "no music");
  const auto lines = call("POST", "/api/v1/shares", R"({"path":")" + (folder_ / "songs").string() + "\"}")->lines();
  EXPECT_THAT(lines.back(), HasSubstr(R"("tracks":1,"other_files":1)"));
  EXPECT_THAT(index_.titles(), ElementsAre("one"));
  EXPECT_THAT(call("GET", "/api/v1/shares")->lines(), SizeIs(2));
}

TEST_F(ApiTest, SharingWhatIsNotThereIsAnErrorLine) {
  const auto lines = call("POST", "/api/v1/shares", R"({"path":"/no/such/folder"})")->lines();
  EXPECT_THAT(lines.back(), HasSubstr(R"("type":"error","code":"not_found")"));
}

TEST_F(ApiTest, ImportingTakesTheRowsThatWereAskedFor) {
  std::string table = "artist\ttitle\n";
  for (int row = 0; row < 10; ++row) table += "Someone\tSong " + std::to_string(row) + "\n";
  const std::string path = folder_.write("table.tsv", table).string();
  const auto lines = call("POST", "/api/v1/imports", R"({"path":")" + path + R"(","skip":3,"limit":2})")->lines();
  EXPECT_THAT(lines.back(), HasSubstr(R"("type":"done","rows":2)"));
  EXPECT_THAT(index_.titles(), ElementsAre("Song 3", "Song 4"));
}

TEST_F(ApiTest, JoiningHandsOnTheContacts) {
  EXPECT_EQ(status_of("POST", "/api/v1/join", R"({"contacts":[")" + to_string(contact_of(4)) + "\"]}"), 200);
  ASSERT_THAT(node_.joined, SizeIs(1));
  EXPECT_EQ(node_.joined[0].key, contact_of(4).key);
  EXPECT_EQ(status_of("POST", "/api/v1/join", R"({"contacts":[]})"), 400);
  EXPECT_EQ(status_of("POST", "/api/v1/join", R"({"contacts":["http://x"]})"), 400);
}

TEST_F(ApiTest, ShutdownAsksTheProgramToEnd) {
  EXPECT_EQ(status_of("POST", "/api/v1/shutdown", "{}"), 200);
  EXPECT_EQ(shutdowns_, 1);
}

TEST_F(ApiTest, TheRootIsThePage) {
  const auto channel = call("GET", "/");
  EXPECT_EQ(channel->replied->status, 200);
  EXPECT_THAT(channel->replied->file_fields, HasSubstr("Content-Type: text/html"));
  EXPECT_THAT(channel->replied->body, HasSubstr("<title>earshot</title>"));
}

TEST_F(ApiTest, ALinkOpensASessionThatMayAskWithoutTheSocket) {
  api_->listening_on(*endpoint_from("127.0.0.1:4080"));
  const std::string link = call("POST", "/api/v1/links", "{}")->replied->body;
  const std::size_t at = link.find("#link=") + 6;
  const std::string order = R"({"link":")" + link.substr(at, 64) + "\"}";
  const auto opened = call("POST", "/api/v1/sessions", order);
  ASSERT_EQ(opened->replied->status, 200);
  EXPECT_THAT(opened->replied->body, HasSubstr(R"("user":"owner")"));
  EXPECT_EQ(status_of("POST", "/api/v1/sessions", order), 403) << "a link opens once";

  Request request;
  request.method = "GET";
  request.target = "/api/v1/status";
  request.host = "127.0.0.1:4080";
  request.authorization = "Bearer " + opened->replied->body.substr(opened->replied->body.find("\"token\":\"") + 9, 64);
  const auto ask = [&] {
    const auto channel = std::make_shared<RecordedChannel>();
    api_->handle(request, channel);
    return channel->replied->status;
  };
  EXPECT_EQ(ask(), 200);
  request.method = "DELETE";
  request.target = "/api/v1/sessions";
  EXPECT_EQ(ask(), 200);
  EXPECT_EQ(ask(), 401);
}

TEST_F(ApiTest, AUserComesInByAPasswordAndAGuestMayNotShareOrStop) {
  const auto reply_of = [&](const std::string& method, const std::string& target, const std::string& body) {
    const auto channel = call(method, target, body);
    channel->lines();
    return *channel->replied;
  };
  EXPECT_EQ(reply_of("POST", "/api/v1/users", R"({"name":"gast","role":"guest","password":"battery staple"})").status, 200);
  EXPECT_EQ(reply_of("POST", "/api/v1/users", R"({"name":"gast","role":"king","password":"battery staple"})").status, 400);
  EXPECT_EQ(reply_of("POST", "/api/v1/users", R"({"name":"gast","role":"guest","password":"short"})").status, 400);
  EXPECT_THAT(call("GET", "/api/v1/users")->lines(), ElementsAre(HasSubstr(R"("name":"gast","role":"guest")"), HasSubstr("done")));
  EXPECT_EQ(reply_of("POST", "/api/v1/sessions", R"({"user":"gast","password":"wrong"})").status, 403);
  const Reply opened = reply_of("POST", "/api/v1/sessions", R"({"user":"gast","password":"battery staple"})");
  ASSERT_EQ(opened.status, 200);
  EXPECT_THAT(opened.body, HasSubstr(R"("user":"guest")"));

  api_->listening_on(*endpoint_from("127.0.0.1:4080"));
  const std::string secret = opened.body.substr(opened.body.find("\"token\":\"") + 9, 64);
  for (const auto& [name, least] : Api::routes()) {
    if (least == UserRole::kGuest) continue;
    Request request;
    request.method = name.substr(0, name.find(' '));
    request.target = name.substr(name.find(' ') + 1);
    request.host = "127.0.0.1:4080";
    request.authorization = "Bearer " + secret;
    request.content_type = request.method == "PUT" ? "application/octet-stream" : "application/json";
    const auto channel = std::make_shared<RecordedChannel>();
    api_->handle(request, channel);
    ASSERT_TRUE(channel->replied) << name;
    EXPECT_EQ(channel->replied->status, 403) << name;
  }
  EXPECT_EQ(reply_of("DELETE", "/api/v1/users?name=gast", "").status, 200);
  EXPECT_EQ(reply_of("POST", "/api/v1/sessions", R"({"user":"gast","password":"battery staple"})").status, 403);
}

TEST_F(ApiTest, UploadsComeInPiecesAndCanBeShared) {
  EXPECT_THAT(call("POST", "/api/v1/uploads", R"({"name":"../a.ogg","size":4})")->replied->body, HasSubstr(R"("id":1)"));
  EXPECT_EQ(status_of("PUT", "/api/v1/uploads?id=1&offset=2", "ab"), 400);
  EXPECT_EQ(status_of("PUT", "/api/v1/uploads?id=x&offset=0", "ab"), 400);
  EXPECT_EQ(status_of("PUT", "/api/v1/uploads", "ab"), 400);
  EXPECT_EQ(status_of("PUT", "/api/v1/uploads?offset=0&id=1", "ab"), 200);
  const std::string done = call("PUT", "/api/v1/uploads?id=1&offset=2", "cd")->replied->body;
  EXPECT_THAT(done, HasSubstr((folder_ / "music/published/_._a.ogg").string()));
  EXPECT_EQ(text_of(folder_ / "music/published/_._a.ogg"), "abcd");
  EXPECT_EQ(status_of("DELETE", "/api/v1/uploads?id=1"), 200);
}

TEST_F(ApiTest, WithoutAWebSocketTheSocketIsA426) {
  EXPECT_EQ(status_of("GET", "/api/v1/socket"), 426);
}

TEST(ApiJson, ErrorCodesHaveNamesBothWays) {
  for (int number = 0; number <= static_cast<int>(ErrorCode::kUnsupported); ++number) {
    const auto code = static_cast<ErrorCode>(number);
    EXPECT_EQ(json::code_named(json::name_of(code)), code);
  }
}

TEST_F(ApiTest, OrdersForTheIndexAreParsedStrictly) {
  for (const char* body : {R"({})", R"({"task": "dance"})", R"({"task": "export"})", R"({"task": "export", "path": "relative"})",
                           R"({"task": "stats", "extra": 1})"}) {
    const auto channel = call("POST", "/api/v1/index", body);
    ASSERT_TRUE(channel->replied) << body;
    EXPECT_EQ(channel->replied->status, 400) << body;
  }
  EXPECT_EQ(call("POST", "/api/v1/index", R"({"task": "stats"})")->replied->status, 501) << "no library to tend here";
}

}  // namespace
}  // namespace earshot::node
