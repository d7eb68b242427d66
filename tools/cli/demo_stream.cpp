// The demo of playing: four nodes, one of them listens, and the source that gives it most is killed in the middle.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>

#include "stream/ppspp/sha256.h"
#include "tools/cli/demo.h"
#include "tools/cli/demo_events.h"
#include "tools/cli/demo_live.h"
#include "tools/cli/demo_network.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/tones.h"
#include "tools/node/runtime_files.h"

namespace earshot::cli {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

// Node 0 is the contact, 1 and 2 hold the tune, 3 plays it.
constexpr std::size_t kNodes = 4;
constexpr std::size_t kListener = 3;
constexpr std::array<std::size_t, 2> kHolders = {1, 2};

// 20 MB of sound; with 1.5 MB a second from each holder it takes some seconds, as it does in a real network.
constexpr std::uint32_t kTuneNotes = 1'800;
constexpr const char* kHolderRate = "1500";
constexpr std::size_t kMaxTune = 64u << 20;

constexpr std::chrono::seconds kPatience{30};
constexpr int kSearches = 5;

class StreamDemo {
 public:
  explicit StreamDemo(Console& console) : console_(console) {}

  Result<void> run() {
    for (const auto step : {&StreamDemo::start_nodes, &StreamDemo::search, &StreamDemo::play, &StreamDemo::compare, &StreamDemo::live}) {
      if (interrupted()) return fail(ErrorCode::kStopped, "interrupted");
      if (auto done = (this->*step)(); !done) return done;
    }
    return {};
  }

 private:
  std::int64_t ms_since(Clock::time_point then) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - then).count();
  }

  void tell(const std::string& json, const std::string& sentence) {
    if (console_.json()) return console_.data(json);
    const std::int64_t ms = ms_since(began_);
    console_.data(fmt::format("{:>2}.{} s  {}", ms / 1000, ms % 1000 / 100, sentence));
  }

  Result<void> start_nodes() {
    auto network = DemoNetwork::create(kNodes, /*keep=*/false);
    if (!network) return tl::unexpected(network.error());
    network_.emplace(std::move(*network));
    for (const std::size_t holder : kHolders) {
      const fs::path file = network_->nodes()[holder].shared / "tune.wav";
      if (auto written = write_long_tune(file, kTuneNotes); !written) return written;
    }
    const auto ready = [](const StatusLine& status) { return !status.scanning; };
    for (std::size_t node = 0; node < kNodes; ++node) {
      const std::string bootstrap = node == 0 ? "" : network_->nodes()[0].status.self;
      if (auto started = network_->start(node, bootstrap, {"--upload-kb", kHolderRate}); !started) return started;
      if (auto is_ready = network_->wait_until(node, ready, kPatience); !is_ready) return is_ready;
    }
    const auto joined = [](const StatusLine& status) { return status.neighbors > 0 && !status.scanning; };
    for (std::size_t node = 1; node < kNodes; ++node) {
      if (auto is_ready = network_->wait_until(node, joined, kPatience); !is_ready) return is_ready;
    }
    tell(demo_event::listening(kNodes, ms_since(began_)),
         fmt::format("{} nodes; two hold a tune and send {} kB a second at most, a third will play it", kNodes, kHolderRate));
    return {};
  }

  Result<void> search() {
    SearchRequest request;
    request.text = "morning ferry";
    request.time = 1s;
    for (int attempt = 0; attempt < kSearches && !interrupted(); ++attempt) {
      const Reader reader{[&](std::string_view line) {
                            if (type_of(line) != "hit") return true;
                            const HitLine hit = hit_from(line);
                            if (hit.holders.size() >= hit_.holders.size()) hit_ = hit;
                            return true;
                          },
                          nullptr};
      if (auto asked = network_->ask(kListener, "POST", "/api/v1/searches", search_body(request), reader); !asked) return asked;
      if (hit_.holders.size() == kHolders.size()) return {};
    }
    return fail(ErrorCode::kNotFound, "the tune was found at {} of {} holders", hit_.holders.size(), kHolders.size());
  }

  Result<PlayLine> playing() {
    std::optional<Error> refused;
    PlayLine play;
    const Reader reader{[&](std::string_view line) {
                          if (type_of(line) == "error") refused = error_from(line);
                          play = play_from(line);
                          return true;
                        },
                        nullptr};
    auto asked = network_->ask(kListener, "POST", "/api/v1/plays", fetch_body(wish_for(hit_)), reader);
    if (!asked) return tl::unexpected(asked.error());
    if (refused) return tl::unexpected(*refused);
    return play;
  }

  Result<void> play() {
    const auto asked_at = Clock::now();
    if (auto opened = playing(); !opened) return tl::unexpected(opened.error());
    auto last_at = asked_at;
    std::optional<Error> trouble;
    Reader reader;
    reader.on_line = [&](std::string_view line) {
      trouble = error_from(line);
      return true;
    };
    reader.on_bytes = [&](std::string_view bytes) {
      const auto now = Clock::now();
      if (heard_.empty()) {
        first_ms_ = ms_since(asked_at);
      } else {
        longest_gap_ms_ = std::max<std::int64_t>(longest_gap_ms_, std::chrono::duration_cast<std::chrono::milliseconds>(now - last_at).count());
      }
      const bool first = heard_.empty();
      heard_.insert(heard_.end(), bytes.begin(), bytes.end());
      if (first && !note_start()) return false;
      if (!killed_ && size_ > 0 && heard_.size() > size_ / 4) kill_first_source();
      last_at = Clock::now();
      return !interrupted();
    };
    auto poured = network_->ask(kListener, "GET", "/content/" + hit_.content, "", reader);
    if (trouble) return tl::unexpected(*trouble);
    return poured;
  }

  bool note_start() {
    const auto play = playing();
    if (!play || play->size == 0) return false;
    size_ = play->size;
    local_permille_ = play->bytes * 1000 / play->size;
    tell(demo_event::playing(first_ms_, play->bytes, play->size),
         fmt::format("the first sound after {} ms, when {} of {} ({}.{} %) were here", first_ms_, byte_count(play->bytes),
                     byte_count(play->size), local_permille_ / 10, local_permille_ % 10));
    return true;
  }

  void kill_first_source() {
    killed_ = true;
    const auto play = playing();
    if (!play || play->sources.empty()) return;
    const auto best = std::max_element(play->sources.begin(), play->sources.end(),
                                       [](const SourceLine& a, const SourceLine& b) { return a.bytes < b.bytes; });
    for (const HitLine::Holder& holder : hit_.holders) {
      if (holder.stream != best->endpoint) continue;
      for (const std::size_t node : kHolders) {
        if (network_->nodes()[node].status.key != holder.key) continue;
        network_->kill(node);
        victim_ = node;
        tell(demo_event::source_killed(node, best->bytes, heard_.size()),
             fmt::format("node {}, which gave {} so far, is killed (kill -9) after {} were played", node,
                         byte_count(best->bytes), byte_count(heard_.size())));
      }
    }
  }

  Result<void> compare() {
    const auto original = node::read_small_file(network_->nodes()[kHolders[0]].shared / "tune.wav", kMaxTune);
    if (!original) return tl::unexpected(original.error());
    const std::string sent = to_hex(stream::ppspp::sha256(as_bytes(*original)));
    const std::string heard = to_hex(stream::ppspp::sha256(heard_));
    const bool equal = sent == heard && victim_ != 0 && local_permille_ < 50;
    tell(demo_event::played(heard_.size(), first_ms_, longest_gap_ms_, heard, equal),
         fmt::format("{} played without an end; the longest wait for a byte was {} ms", byte_count(heard_.size()), longest_gap_ms_));
    if (sent != heard) return fail(ErrorCode::kCorrupt, "what was played has sha256 {}, the file {}", heard, sent);
    if (victim_ == 0) return fail(ErrorCode::kNotFound, "no source could be killed in time");
    if (local_permille_ >= 50) return fail(ErrorCode::kInvalid, "{}.{} % were here when it began to play", local_permille_ / 10, local_permille_ % 10);
    if (!console_.json()) console_.data("sha256 equal: " + heard);
    return {};
  }

  Result<void> live() {
    return live_story([this](const std::string& json, const std::string& sentence) { tell(json, sentence); });
  }

  Console& console_;
  Clock::time_point began_ = Clock::now();
  std::optional<DemoNetwork> network_;
  HitLine hit_;
  Bytes heard_;
  std::uint64_t size_ = 0, local_permille_ = 1000;
  std::int64_t first_ms_ = 0, longest_gap_ms_ = 0;
  bool killed_ = false;
  std::size_t victim_ = 0;  // node 0 holds nothing
};

}  // namespace

ExitCode stream_demo(const DemoFlags&, Console& console) {
  StreamDemo story(console);
  const auto done = story.run();
  return done ? ExitCode::kDone : console.failed(done.error());
}

}  // namespace earshot::cli
