// The copy loop of a fetch, and the names of the files it makes.
#include "tools/node/fetches.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "schema/bytes.h"
#include "stream/relay/carrier.h"
#include "tools/node/part_file.h"
#include "tools/node/runtime_files.h"

namespace earshot::node {

namespace fs = std::filesystem;

namespace {

// How long one read waits for bytes: also how late a stop is noticed, and how often progress is told.
constexpr Duration kReadPatience = 100ms;

std::string_view ending_of(Codec codec) {
  switch (codec) {
    case Codec::kMp3:
      return ".mp3";
    case Codec::kVorbis:
      return ".ogg";
    case Codec::kOpus:
      return ".opus";
    case Codec::kFlac:
      return ".flac";
    case Codec::kAac:
      return ".m4a";
    case Codec::kWav:
      return ".wav";
    case Codec::kUnknown:
      break;
  }
  return ".audio";
}

// A torrent's file has a name of its own, which is a stranger's text; our contents are named after their track.
fs::path target_of(const Fetch& fetch, const stream::Status& status) {
  std::error_code ignored;
  if (!fs::is_directory(fetch.out, ignored)) return fetch.out;
  if (fetch.track.title.empty() && fetch.content.scheme == Scheme::kTorrent && status.file.has_filename())
    return fetch.out / tidy_file_name(status.file.filename().string());
  Track track = fetch.track;
  if (track.title.empty()) track.title = to_hex(ByteView(fetch.content.digest).first(8));
  return fetch.out / file_name_for(track);
}

}  // namespace

std::string file_name_for(const Track& track) {
  const std::string joined = track.artist.empty() ? track.title : track.artist + " - " + track.title;
  return tidy_file_name(joined) + std::string(ending_of(track.codec));
}

Fetches::Fetches(const Engines& engines, Identify identify, Providers* providers)
    : engines_(engines), identify_(std::move(identify)), providers_(providers) {}

Result<ContentId> Fetches::introduce(std::string_view link) const {
  Error none{ErrorCode::kUnsupported, "this node was built without an engine for torrents"};
  for (const auto& [scheme, engine] : engines_) {
    auto content = engine->introduce(link);
    if (content || content.error().code != ErrorCode::kUnsupported) return content;
    if (scheme == Scheme::kTorrent) none = content.error();
  }
  return tl::unexpected(std::move(none));
}

Fetches::~Fetches() {
  std::list<Run> runs;
  {
    const std::lock_guard lock(mutex_);
    runs.swap(runs_);
  }
  for (Run& run : runs) *run.stop = true;
  for (Run& run : runs) run.thread.join();
}

Result<std::shared_ptr<std::atomic<bool>>> Fetches::start(Fetch fetch, Listener listener) {
  const auto engine = engines_.find(fetch.content.scheme);
  if (engine == engines_.end()) {
    return fail(ErrorCode::kUnsupported, "{} is only described: nobody has said that they hold its audio",
                to_string(fetch.content));
  }
  reap();
  const std::lock_guard lock(mutex_);
  if (runs_.size() >= kMaxRunning)
    return fail(ErrorCode::kExhausted, "{} fetches run already: wait for one to end", runs_.size());
  Run& run = runs_.emplace_back();
  run.thread = std::thread(
      [this, &run, source = engine->second.get(), fetch = std::move(fetch), listener = std::move(listener)] {
        auto done = carry_out(*source, fetch, *run.stop, listener);
        count(done);
        listener.on_done(std::move(done));
        run.finished = true;
      });
  return run.stop;
}

std::size_t Fetches::running() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const Run& run : runs_) count += run.finished ? 0 : 1;
  return count;
}

FetchCounts Fetches::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void Fetches::count(const Result<FetchDone>& done) {
  const std::lock_guard lock(mutex_);
  ++(done ? counts_.done : counts_.failed);
  if (done) counts_.bytes += done->bytes;
}

Result<FetchDone> Fetches::carry_out(stream::Engine& engine, const Fetch& fetch, const std::atomic<bool>& stop,
                                           const Listener& listener) {
  using Clock = std::chrono::steady_clock;
  const auto began = Clock::now();
  std::error_code error;
  fs::path target = target_of(fetch, {});
  const auto there = fs::is_regular_file(target, error) ? identify_(target, fetch.content.scheme) : Result<ContentId>();
  if (there && *there == fetch.content)
    return FetchDone{fetch.content, target, fs::file_size(target, error), 0, {}, fetch.track};
  auto stream = engine.open(fetch.content, fetch.providers);
  if (!stream) return tl::unexpected(stream.error());
  auto more = providers_ ? providers_->want(fetch.content, !fetch.providers.empty(), wanter_of(**stream)) : nullptr;
  auto part = PartFile::create(target.parent_path());
  if (!part) return tl::unexpected(part.error());
  std::array<std::uint8_t, 64 * 1024> buffer;
  std::uint64_t offset = 0;
  auto last_byte = began;
  auto told = began - std::chrono::seconds(1);
  std::uint64_t verified = 0;
  while (true) {
    if (fetch.most != 0 && std::max(offset, (*stream)->status().size) > fetch.most)
      return fail(ErrorCode::kInvalid, "it has more than the {} bytes that it may have", fetch.most);
    if (stop) return fail(ErrorCode::kStopped, "stopped; what is here is kept and the next get goes on from it");
    const auto got = (*stream)->read(offset, buffer, kReadPatience);
    const auto now = Clock::now();
    if (got && *got == 0) break;
    if (got) {
      if (auto written = (*part)->append(ByteView(buffer).first(*got)); !written)
        return tl::unexpected(written.error());
      offset += *got;
      last_byte = now;
    } else if (got.error().code != ErrorCode::kTimedOut && got.error().code != ErrorCode::kUnreachable) {
      return tl::unexpected(got.error());
    }
    if (got && now - told < kReadPatience) continue;
    told = now;
    const stream::Status status = (*stream)->status();
    if (status.verified > verified) last_byte = now;
    verified = status.verified;
    listener.on_progress(status);
    if (now - last_byte > kPatience) {
      // A holder's link is its second address.
      const auto links = std::count_if(fetch.providers.begin(), fetch.providers.end(), stream::relay::is_link);
      return fail(verified == 0 ? ErrorCode::kUnreachable : ErrorCode::kTimedOut,
                  "no byte from {} holders for {} s; {} bytes are kept", fetch.providers.size() - static_cast<std::size_t>(links), kPatience / 1s,
                  verified);
    }
  }
  // A torrent's id is no digest of one file's bytes: its pieces were checked, and there is nothing to check again.
  if (fetch.content.scheme != Scheme::kTorrent) {
    const auto identified = identify_((*part)->path(), fetch.content.scheme);
    if (!identified) return tl::unexpected(identified.error());
    if (*identified != fetch.content)
      return fail(ErrorCode::kCorrupt, "the file is {}, not {}", to_string(*identified), to_string(fetch.content));
  }
  target = target_of(fetch, (*stream)->status());
  auto file = (*part)->keep_as(target);
  if (!file) return tl::unexpected(file.error());
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began).count();
  FetchDone done{fetch.content, std::move(*file), offset, took, (*stream)->status().sources, fetch.track};
  more.reset();  // it tells the stream
  keep_serving(std::move(*stream));
  return done;
}

void Fetches::keep_serving(std::unique_ptr<stream::Stream> stream) {
  std::unique_ptr<stream::Stream> closed;  // closing may wait for the engine: not under the lock
  const std::lock_guard lock(mutex_);
  served_.push_back(std::move(stream));
  if (served_.size() <= kMaxServed) return;
  closed = std::move(served_.front());
  served_.pop_front();
}

void Fetches::reap() {
  const std::lock_guard lock(mutex_);
  for (auto at = runs_.begin(); at != runs_.end();) {
    if (!at->finished) {
      ++at;
      continue;
    }
    at->thread.join();
    at = runs_.erase(at);
  }
}

}  // namespace earshot::node
