// The routes. Each parses its body, asks the part that can answer, and turns what comes back into lines.
#include "tools/node/api.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <unordered_set>

#include "tools/node/api_json.h"
#include "tools/node/own_address.h"

namespace earshot::node {

namespace {

using Steady = std::chrono::steady_clock;

std::int64_t ms_since(Steady::time_point began) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - began).count();
}

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

void refuse(Channel& channel, const Error& error) {
  channel.reply({http_status(error.code), json::error(error), ""});
}

void end_with(Channel& channel, std::string line) {
  channel.line(std::move(line));
  channel.close();
}

/// One open search: gathers the holders of each content. Only the reactor's thread touches it.
class SearchRun {
 public:
  SearchRun(std::shared_ptr<Channel> channel, std::shared_ptr<Sightings> sightings, std::size_t neighbors)
      : channel_(std::move(channel)), sightings_(std::move(sightings)), neighbors_(neighbors) {}

  void take(const SearchEvent& event) {
    for (const ReachableHit& hit : event.hits) add(hit);
    if (!event.last) return;
    end_with(*channel_, json::summary({rows_.size(), holders_.size(), event.progress.messages_sent, event.progress.answers,
                                       neighbors_, ms_since(began_)}));
  }

 private:
  void add(const ReachableHit& hit) {
    if (rows_.size() >= limits::kMaxHitsPerQuery) return;
    sightings_->saw(hit.track, hit.holder);
    const auto [at, fresh] = rows_.try_emplace(hit.track.content);
    json::HitRow& row = at->second;
    if (fresh) {
      row.track = hit.track;
      row.hops = hit.hops;
      row.ms = ms_since(began_);
    }
    const auto same = [&](const Contact& known) { return known.key == hit.holder.key; };
    if (std::any_of(row.holders.begin(), row.holders.end(), same)) return;
    holders_.insert(hit.holder.key);
    if (row.holders.size() < Sightings::kMaxHolders) row.holders.push_back(for_people(hit.holder));
    row.hops = std::min(row.hops, hit.hops);
    row.score = std::max(row.score, hit.score);
    channel_->line(json::hit(row));
  }

  std::shared_ptr<Channel> channel_;
  std::shared_ptr<Sightings> sightings_;
  std::size_t neighbors_;
  Steady::time_point began_ = Steady::now();
  std::unordered_map<ContentId, json::HitRow, IdHash> rows_;
  std::unordered_set<NodeKey, IdHash> holders_;
};

// A flag that a reader's going away sets.
std::shared_ptr<std::atomic<bool>> gone_flag(Channel& channel) {
  auto gone = std::make_shared<std::atomic<bool>>(false);
  channel.when_gone([gone] { *gone = true; });
  return gone;
}

// How often slow work tells its progress.
constexpr std::chrono::milliseconds kProgressPeriod{200};

}  // namespace

std::string_view version() {
  return EARSHOT_VERSION;
}

const Api::Route Api::kRoutes[] = {
    {"GET", "/api/v1/status", &Api::status},      {"GET", "/api/v1/peers", &Api::peers},
    {"GET", "/api/v1/shares", &Api::shares},      {"POST", "/api/v1/searches", &Api::search},
    {"POST", "/api/v1/fetches", &Api::fetch},     {"POST", "/api/v1/shares", &Api::share},
    {"POST", "/api/v1/imports", &Api::import},    {"POST", "/api/v1/index", &Api::index},
    {"POST", "/api/v1/join", &Api::join},         {"POST", "/api/v1/shutdown", &Api::shutdown},
};

void Api::handle(const Request& request, const std::shared_ptr<Channel>& channel) {
  if (auto refused = refusal(request, access_)) return channel->reply(std::move(*refused));
  const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
  std::string allow;
  for (const Route& route : kRoutes) {
    if (route.path != path) continue;
    if (route.method == request.method) return (this->*route.serve)(request, channel);
    allow += allow.empty() ? "" : ", ";
    allow += route.method;
  }
  if (allow.empty()) return refuse(*channel, {ErrorCode::kNotFound, "no such route"});
  channel->reply({405, json::error({ErrorCode::kInvalid, "this route takes " + allow}), allow});
}

void Api::status(const Request&, const std::shared_ptr<Channel>& channel) {
  json::StatusReport report;
  report.node = parts_.node.status();
  report.node.self = for_people(report.node.self);
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
  channel->reply({200, json::status(report), ""});
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
  auto wanted = json::search_from(request.body);
  if (!wanted) return refuse(*channel, wanted.error());
  // Neighbors are counted before: on the reactor's thread the node would wait for itself.
  const auto run = std::make_shared<SearchRun>(channel, sightings_, parts_.node.status().neighbors);
  const auto id = parts_.node.search(std::move(*wanted), [run](const SearchEvent& event) { run->take(event); });
  if (!id) return refuse(*channel, id.error());
  channel->when_gone([&node = parts_.node, id = *id] { node.cancel(id); });
}

void Api::fetch(const Request& request, const std::shared_ptr<Channel>& channel) {
  auto order = json::fetch_from(request.body);
  if (!order) return refuse(*channel, order.error());
  Fetch fetch{order->content, std::move(order->providers), std::move(order->out), {}};
  if (const auto sighting = sightings_->find(fetch.content)) {
    fetch.track = sighting->track;
    for (const Contact& holder : sighting->holders) {
      if (holder.stream_port != 0) fetch.providers.push_back(holder.stream_endpoint());
    }
  } else if (auto own = parts_.index.find(fetch.content); own && *own) {
    fetch.track = **own;
  } else {
    fetch.track = order->named;
  }
  std::sort(fetch.providers.begin(), fetch.providers.end());
  fetch.providers.erase(std::unique(fetch.providers.begin(), fetch.providers.end()), fetch.providers.end());
  const bool here = fetch.track.size_bytes != 0 && parts_.index.find(fetch.content).value_or(std::nullopt).has_value();
  if (fetch.providers.empty() && !here) {
    return refuse(*channel, {ErrorCode::kNotFound,
                             "no holder of " + to_string(fetch.content) + " is known: search for it first"});
  }
  if (fetch.out.empty()) {
    std::error_code ignored;
    std::filesystem::create_directories(parts_.download, ignored);
    fetch.out = parts_.download;
  }
  Fetches::Listener listener;
  listener.on_progress = [channel](const stream::Status& status) { channel->line(json::fetch_progress(status)); };
  listener.on_done = [channel](const Result<json::FetchDone>& done) {
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
