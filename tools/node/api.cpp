// The routes. Each parses its body, asks the part that can answer, and turns what comes back into lines.
#include "tools/node/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "stream/relay/carrier.h"
#include "tools/node/api_json.h"
#include "tools/node/content_http.h"
#include "tools/node/media_type.h"
#include "tools/node/metrics.h"
#include "tools/node/own_address.h"
#include "tools/node/page.h"
#include "tools/node/search_run.h"

namespace earshot::node {

namespace {

using Steady = std::chrono::steady_clock;

void end_with(Channel& channel, std::string line) {
  channel.line(std::move(line));
  channel.close();
}

// A flag that a reader's going away sets.
std::shared_ptr<std::atomic<bool>> gone_flag(Channel& channel) {
  auto gone = std::make_shared<std::atomic<bool>>(false);
  channel.when_gone([gone] { *gone = true; });
  return gone;
}

// How often slow work tells its progress.
constexpr std::chrono::milliseconds kProgressPeriod{200};

}  // namespace

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kDenied:
      return 403;
    case ErrorCode::kExhausted:
      return 503;
    case ErrorCode::kUnsupported:
      return 501;
    case ErrorCode::kUnreachable:
      return 502;
    case ErrorCode::kTimedOut:
      return 504;
    case ErrorCode::kStopped:
      return 503;
    case ErrorCode::kCorrupt:
      return 500;
    case ErrorCode::kDisk:
      return 507;
  }
  return 500;
}

std::string_view version() {
  return EARSHOT_VERSION;
}

void refuse(Channel& channel, const Error& error) {
  channel.reply({http_status(error.code), json::error(error), ""});
}

const Api::Route Api::kRoutes[] = {
    {"GET", "/metrics", UserRole::kGuest, &Api::metrics},
    {"GET", "/api/v1/status", UserRole::kGuest, &Api::status},
    {"GET", "/api/v1/peers", UserRole::kGuest, &Api::peers},
    {"GET", "/api/v1/shares", UserRole::kOwner, &Api::shares},
    {"GET", "/api/v1/cover", UserRole::kGuest, &Api::cover},
    {"POST", "/api/v1/searches", UserRole::kGuest, &Api::search},
    {"POST", "/api/v1/fetches", UserRole::kOwner, &Api::fetch},
    {"POST", "/api/v1/plays", UserRole::kGuest, &Api::play},
    {"POST", "/api/v1/shares", UserRole::kOwner, &Api::share},
    {"POST", "/api/v1/imports", UserRole::kOwner, &Api::import},
    {"POST", "/api/v1/index", UserRole::kOwner, &Api::index},
    {"POST", "/api/v1/browses", UserRole::kOwner, &Api::browse},
    {"POST", "/api/v1/join", UserRole::kOwner, &Api::join},
    {"POST", "/api/v1/shutdown", UserRole::kOwner, &Api::shutdown},
    {"POST", "/api/v1/links", UserRole::kOwner, &Api::open_link},
    {"POST", "/api/v1/sessions", UserRole::kGuest, &Api::open_session},
    {"DELETE", "/api/v1/sessions", UserRole::kGuest, &Api::end_session},
    {"GET", "/api/v1/radio", UserRole::kOwner, &Api::radio},
    {"GET", "/api/v1/stations", UserRole::kGuest, &Api::stations},
    {"GET", "/api/v1/wishes", UserRole::kOwner, &Api::wishes},
    {"POST", "/api/v1/wishes", UserRole::kOwner, &Api::add_wish},
    {"DELETE", "/api/v1/wishes", UserRole::kOwner, &Api::remove_wish},
    {"POST", "/api/v1/wishes/hits", UserRole::kOwner, &Api::take_wish_hits},
    {"GET", "/api/v1/publishers", UserRole::kGuest, &Api::publishers},
    {"POST", "/api/v1/publishers", UserRole::kOwner, &Api::follow},
    {"DELETE", "/api/v1/publishers", UserRole::kOwner, &Api::unfollow},
    {"GET", "/api/v1/catalogue", UserRole::kGuest, &Api::catalogue},
    {"POST", "/api/v1/catalogue", UserRole::kOwner, &Api::describe},
    {"POST", "/api/v1/catalogue/items", UserRole::kOwner, &Api::publish},
    {"DELETE", "/api/v1/catalogue/items", UserRole::kOwner, &Api::withdraw},
    {"POST", "/api/v1/playlists", UserRole::kGuest, &Api::playlist},
    {"GET", "/api/v1/users", UserRole::kOwner, &Api::users},
    {"POST", "/api/v1/users", UserRole::kOwner, &Api::set_user},
    {"DELETE", "/api/v1/users", UserRole::kOwner, &Api::remove_user},
    {"POST", "/api/v1/uploads", UserRole::kOwner, &Api::begin_upload},
    {"PUT", "/api/v1/uploads", UserRole::kOwner, &Api::go_on_upload},
    {"DELETE", "/api/v1/uploads", UserRole::kOwner, &Api::give_up_upload},
    {"GET", "/api/v1/socket", UserRole::kGuest, &Api::socket},
};

std::vector<Api::RouteName> Api::routes() {
  std::vector<RouteName> names;
  for (const Route& route : kRoutes) names.push_back({fmt::format("{} {}", route.method, route.path), route.least});
  for (const char* name : {"GET /content/{id}", "HEAD /content/{id}", "GET /feed/{publisher}.xml"}) names.push_back({name, UserRole::kGuest});
  return names;
}

void Api::handle(Request request, const std::shared_ptr<Channel>& channel) {
  if (auto refused = refusal(request, access_)) return channel->reply(std::move(*refused));
  request.role = role_of(request, access_);
  serve(request, channel);
}

void Api::serve(const Request& request, const std::shared_ptr<Channel>& channel) {
  if (content_in(request.target)) return content(request, channel);
  if (feed_in(request.target)) return feed(request, channel);
  const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
  if (const PageFile* file = request.method == "GET" ? page_file(path) : nullptr) {
    return channel->reply({200, std::string(file->bytes.begin(), file->bytes.end()), "", page_fields(*file)});
  }
  std::string allow;
  for (const Route& route : kRoutes) {
    if (route.path != path) continue;
    if (route.method == request.method) {
      if (request.role < route.least) return refuse(*channel, {ErrorCode::kDenied, "only an owner of this node may do this"});
      return (this->*route.serve)(request, channel);
    }
    allow += allow.empty() ? "" : ", ";
    allow += route.method;
  }
  if (allow.empty()) return refuse(*channel, {ErrorCode::kNotFound, "no such route"});
  channel->reply({405, json::error({ErrorCode::kInvalid, "this route takes " + allow}), allow});
}

void Api::status(const Request& request, const std::shared_ptr<Channel>& channel) {
  json::StatusReport report;
  report.node = parts_.node.status();
  report.node.self = for_people(report.node.self);
  report.invitation = parts_.invitation ? parts_.invitation() : report.node.self;
  report.version = version();
  report.role = parts_.role;
  report.http = http_;
  report.index = parts_.index.stats();
  report.storage = parts_.index.storage();
  if (parts_.library != nullptr) report.moved_aside = parts_.library->moved_aside();
  report.shares = parts_.scanner.shares().size();
  report.scanning = parts_.worker.busy();
  report.scan = parts_.scanner.progress();
  report.fetches = parts_.fetches.running();
  report.user = to_string(request.role);
  report.published = uploads_.folder();
  for (RouteName& route : routes()) {
    const bool of_radio = route.name.ends_with("/radio") || route.name.ends_with("/stations");
    if (request.role < route.least || (of_radio && parts_.radio == nullptr)) continue;
    report.routes.push_back(std::move(route.name));
  }
  channel->reply({200, json::status(report), ""});
}

void Api::metrics(const Request&, const std::shared_ptr<Channel>& channel) {
  MetricsReport report;
  report.version = version();
  report.role = parts_.role;
  report.node = parts_.node.status();
  for (const PeerRow& row : parts_.node.peers()) report.inbound_links += row.inbound ? 1 : 0;
  report.index = parts_.index.stats();
  report.storage = parts_.index.storage();
  for (const ShareRow& row : parts_.scanner.shares()) {
    ++report.shares;
    report.shared_tracks += row.tracks;
  }
  report.scanning = parts_.worker.busy();
  report.fetches_running = parts_.fetches.running();
  report.fetches = parts_.fetches.counts();
  report.connections = accepted_connections();
  report.process = process_facts();
  channel->reply({200, node::metrics(report), "", kMetricsFields});
}

void Api::peers(const Request&, const std::shared_ptr<Channel>& channel) {
  for (const PeerRow& row : parts_.node.peers()) channel->line(json::peer(row));
  end_with(*channel, json::done("peers"));
}

void Api::shares(const Request&, const std::shared_ptr<Channel>& channel) {
  for (const ShareRow& row : parts_.scanner.shares()) channel->line(json::share(row));
  end_with(*channel, json::done("shares"));
}

void Api::search(const Request& request, const std::shared_ptr<Channel>& channel) {
  auto order = json::search_from(request.body);
  if (!order) return refuse(*channel, order.error());
  const auto run = std::make_shared<SearchRun>(SearchRun::Parts{parts_.node, parts_.index, parts_.scanner, sightings_, asking_door_},
                                               channel, std::move(*order));
  if (const auto started = run->start(); !started) return refuse(*channel, started.error());
  // The run holds the channel, so the channel must not hold the run; the node does, as long as it is asked.
  channel->when_gone([run = std::weak_ptr(run)] {
    if (const auto going = run.lock()) going->cancel();
  });
}

Result<Fetch> Api::completed(json::FetchOrder order, UserRole role) const {
  if (!order.link.empty()) {
    if (order.link.starts_with('/') && role != UserRole::kOwner)
      return fail(ErrorCode::kDenied, "only the owner may name files of this machine");
    const auto content = parts_.fetches.introduce(order.link);
    if (!content) return tl::unexpected(content.error());
    order.content = *content;
  }
  Fetch fetch{order.content, std::move(order.providers), std::move(order.out), {}};
  const auto own = parts_.index.find(fetch.content).value_or(std::nullopt);
  if (const auto sighting = sightings_->find(fetch.content)) {
    fetch.track = sighting->track;
    for (const Contact& holder : sighting->holders) {
      if (holder.stream_port == 0) continue;
      fetch.providers.push_back(holder.stream_endpoint());
      const PeerId link = parts_.node.link_to(holder);  // where UDP does not get through
      if (link != kNoPeer) fetch.providers.push_back(stream::relay::endpoint_of(stream::relay::LinkNumber{to_number(link)}));
    }
  } else {
    fetch.track = own ? *own : order.named;
  }
  if (parts_.publishers != nullptr) {
    const auto holders = parts_.publishers->holders_of(fetch.content);
    fetch.providers.insert(fetch.providers.end(), holders.begin(), holders.end());
  }
  std::sort(fetch.providers.begin(), fetch.providers.end());
  fetch.providers.erase(std::unique(fetch.providers.begin(), fetch.providers.end()), fetch.providers.end());
  const bool finds_its_own = fetch.content.scheme == Scheme::kTorrent;
  if (fetch.providers.empty() && !finds_its_own && (!own || own->size_bytes == 0)) {
    return fail(ErrorCode::kNotFound, "nobody who was asked holds {}", to_string(fetch.content));
  }
  return fetch;
}

void Api::complete(json::FetchOrder order, UserRole role, const std::shared_ptr<Channel>& channel, std::function<void(Fetch)> then) {
  auto fetch = completed(order, role);
  if (fetch) return then(std::move(*fetch));
  const bool can_ask = parts_.providers != nullptr && fetch.error().code == ErrorCode::kNotFound;
  if (!can_ask || order.content.scheme == Scheme::kDescribed) return refuse(*channel, fetch.error());
  const auto resume = [this, order, role, channel, then = std::move(then)](const std::atomic<bool>&) {
    auto now = completed(order, role);
    if (!now) return refuse(*channel, now.error());
    then(std::move(*now));
  };
  const bool asked = parts_.providers->ask(
      order.content, [sightings = sightings_, door = asking_door_, channel, resume](std::span<const ReachableHit> holders) {
        for (const ReachableHit& hit : holders) sightings->saw(hit.track, hit.holder);
        if (!door->post(resume)) refuse(*channel, {ErrorCode::kExhausted, "too many contents are looked for: try again in a moment"});
      });
  if (!asked) refuse(*channel, {ErrorCode::kExhausted, "too many contents are looked for: try again in a moment"});
}

void Api::play(const Request& request, const std::shared_ptr<Channel>& channel) {
  auto order = json::fetch_from(request.body);
  if (!order) return refuse(*channel, order.error());
  complete(std::move(*order), request.role, channel, [this, channel](const Fetch& wanted) {
    const auto opened = parts_.plays.open(wanted.content, wanted.providers, wanted.track.bitrate_kbps * 1000);
    if (!opened) return refuse(*channel, opened.error());
    const std::string url = address_of(wanted.content, /*whole=*/false);
    channel->reply({200, json::play(wanted.content, wanted.track, (*opened)->status(), url), ""});
  });
}

void Api::content(const Request& request, const std::shared_ptr<Channel>& channel) {
  if (request.method != "GET" && request.method != "HEAD") {
    return channel->reply({405, json::error({ErrorCode::kInvalid, "this route takes GET, HEAD"}), "GET, HEAD"});
  }
  const auto id = content_id_from(*content_in(request.target));
  if (!id) return refuse(*channel, id.error());
  const auto answer = [channel, request, id = *id](const Result<std::shared_ptr<stream::Playback>>& opened) {
    if (!opened) return refuse(*channel, opened.error());
    channel->body(std::make_unique<ContentBody>(request, id, *opened));
  };
  json::FetchOrder order;
  order.content = *id;
  const auto open_from = [this, answer](const Fetch& wanted) {
    answer(parts_.plays.open(wanted.content, wanted.providers, wanted.track.bitrate_kbps * 1000));
  };
  if (const auto wanted = completed(order, request.role)) return open_from(*wanted);
  // A player comes back for more of what is open already, even when its holders are forgotten by now.
  if (const auto open = parts_.plays.find(*id, {ErrorCode::kNotFound, ""})) return answer(open);
  complete(std::move(order), request.role, channel, open_from);
}

void Api::cover(const Request& request, const std::shared_ptr<Channel>& channel) {
  // Nothing that a browser could be made to run: the type is told from the bytes, and it may not guess another.
  constexpr const char* kFields =
      "Content-Type: {}\r\nCache-Control: private, max-age=86400\r\nContent-Security-Policy: default-src 'none'; sandbox\r\n";
  const auto content = content_id_from(in_query(request.target, "content").value_or(""));
  if (!content) return refuse(*channel, content.error());
  if (parts_.covers == nullptr) return refuse(*channel, {ErrorCode::kNotFound, "this node has no pictures"});
  if (!painting_) painting_ = std::make_unique<Worker>();
  const bool posted = painting_->post([covers = parts_.covers, channel, content = *content](const std::atomic<bool>&) {
    auto cover = covers->cover_of(content);
    if (!cover) return refuse(*channel, cover.error());
    const auto type = media_type_of(as_bytes(*cover));
    channel->reply({200, std::move(*cover), "", fmt::format(fmt::runtime(kFields), type)});
  });
  if (!posted) refuse(*channel, {ErrorCode::kExhausted, "too many pictures are asked for at once: try again in a moment"});
}

void Api::fetch(const Request& request, const std::shared_ptr<Channel>& channel) {
  auto order = json::fetch_from(request.body);
  if (!order) return refuse(*channel, order.error());
  complete(std::move(*order), request.role, channel, [this, channel](Fetch fetch) { begin_fetch(std::move(fetch), channel); });
}

void Api::begin_fetch(Fetch fetch, const std::shared_ptr<Channel>& channel) {
  if (fetch.out.empty()) {
    std::error_code ignored;
    std::filesystem::create_directories(parts_.download, ignored);
    fetch.out = parts_.download;
  }
  Fetches::Listener listener;
  listener.on_progress = [channel](const stream::Status& status) { channel->line(json::fetch_progress(status)); };
  listener.on_done = [channel](const Result<FetchDone>& done) {
    end_with(*channel, done ? json::fetch_done(*done) : json::error(done.error()));
  };
  const auto stop = parts_.fetches.start(std::move(fetch), std::move(listener));
  if (!stop) return refuse(*channel, stop.error());
  channel->when_gone([stop = *stop] { *stop = true; });
}

void Api::share(const Request& request, const std::shared_ptr<Channel>& channel) {
  auto path = json::share_from(request.body);
  if (!path) return refuse(*channel, path.error());
  const auto gone = gone_flag(*channel);
  const bool posted =
      parts_.worker.post([&scanner = parts_.scanner, channel, gone, path = *path](const std::atomic<bool>& stopping) {
        auto told = Steady::now();
        const auto report = scanner.scan(path, [&](const ScanProgress& progress) {
          if (const auto now = Steady::now(); now - told >= kProgressPeriod) {
            told = now;
            channel->line(json::scan_progress(progress));
          }
          return !stopping && !*gone;
        });
        end_with(*channel, report ? json::scan_done(*report) : json::error(report.error()));
      });
  if (!posted) refuse(*channel, {ErrorCode::kExhausted, "too many scans and imports wait already"});
}

void Api::import(const Request& request, const std::shared_ptr<Channel>& channel) {
  auto order = json::import_from(request.body);
  if (!order) return refuse(*channel, order.error());
  const auto gone = gone_flag(*channel);
  const bool posted =
      parts_.worker.post([&index = parts_.index, channel, gone, order = *order](const std::atomic<bool>& stopping) {
        const auto done = import_rows({IndexTask::kImport, order.file, order.skip, order.limit}, index, [&](std::uint64_t rows) {
          channel->line(json::import_progress(rows));
          return !stopping && !*gone;
        });
        end_with(*channel, done ? json::import_done(done->rows, done->bad_rows) : json::error(done.error()));
      });
  if (!posted) refuse(*channel, {ErrorCode::kExhausted, "too many scans and imports wait already"});
}

void Api::index(const Request& request, const std::shared_ptr<Channel>& channel) {
  auto order = json::index_order_from(request.body);
  if (!order) return refuse(*channel, order.error());
  if (parts_.library == nullptr) return refuse(*channel, {ErrorCode::kUnsupported, "this node's index cannot be tended"});
  const auto gone = gone_flag(*channel);
  const bool posted =
      parts_.worker.post([library = parts_.library, channel, gone, order = *order](const std::atomic<bool>& stopping) {
        auto told = Steady::now();
        const auto done = carry_out(order, *library, [&](const IndexProgress& progress) {
          if (const auto now = Steady::now(); now - told >= kProgressPeriod) {
            told = now;
            channel->line(json::index_progress(progress));
          }
          return !stopping && !*gone;
        });
        end_with(*channel, done ? json::index_done(*done) : json::error(done.error()));
      });
  if (!posted) refuse(*channel, {ErrorCode::kExhausted, "too many scans and imports wait already"});
}

void Api::browse(const Request& request, const std::shared_ptr<Channel>& channel) {
  const auto order = json::browse_from(request.body);
  if (!order) return refuse(*channel, order.error());
  const auto asked = parts_.node.browse(order->peer, order->from, [channel, sightings = sightings_, from = order->from](const Result<SharePage>& page) {
    if (!page) return refuse(*channel, page.error());
    for (const Track& track : page->tracks) {
      sightings->saw(track, page->holder);
      json::HitRow row;
      row.track = track;
      row.holders = {for_people(page->holder)};
      row.hops = 1;
      channel->line(json::hit(row));
    }
    end_with(*channel, json::browse_done(from, *page));
  });
  if (!asked) refuse(*channel, asked.error());
}

void Api::join(const Request& request, const std::shared_ptr<Channel>& channel) {
  auto contacts = json::join_from(request.body);
  if (!contacts) return refuse(*channel, contacts.error());
  parts_.node.join(std::move(*contacts));
  channel->reply({200, json::done("join"), ""});
}

void Api::shutdown(const Request&, const std::shared_ptr<Channel>& channel) {
  channel->reply({200, json::done("shutdown"), ""});
  parts_.shut_down();
}

}  // namespace earshot::node
