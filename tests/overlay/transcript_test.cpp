// Conversations between a few peers, told line by line in transcripts/*.txt and compared as text. A transcript is its
// own script: lines that begin with ">" are commands, "#" begins a comment, everything else is what the peers did.
//
// Rewrite them on purpose, then read the difference:  EARSHOT_REWRITE=1 overlay_test
// --gtest_filter='*Transcript*'
//
//   > network PEERS [active=N] [passive=N] [latency=MS] [seed=N]   begins; every peer empty
//   > draw 0-1 1-2          makes neighbors without a word
//   > believe A B           only A has B for a neighbor
//   > join PEER CONTACT...  > leave PEER      > crash PEER
//   > share PEER WORDS      has a track of this name, found by exactly these words
//   > ask PEER flood|walk TTL WORDS
//   > run MS                lets time pass
//   > views                 prints the neighbors of everybody
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "overlay/describe.h"
#include "tests/overlay/net_of_peers.h"

namespace earshot::overlay {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(EARSHOT_SOURCE_DIR) / "tests/overlay/transcripts";

class Stage {
 public:
  std::string perform(const std::string& command) {
    std::istringstream words(command);
    std::string verb;
    words >> verb;
    told_.clear();
    if (verb == "network") {
      build(words);
    } else if (verb == "draw") {
      net_->draw(rest_of(words));
    } else if (verb == "believe") {
      const std::size_t believer = number(words);
      net_->believe(believer, number(words));
    } else if (verb == "join") {
      const std::size_t peer = number(words);
      std::vector<PeerId> contacts;
      for (std::size_t contact = 0; words >> contact;) contacts.push_back(peer_id(contact));
      net_->join(peer, contacts);
    } else if (verb == "leave") {
      net_->leave(number(words));
    } else if (verb == "crash") {
      net_->crash(number(words));
    } else if (verb == "share") {
      const std::size_t peer = number(words);
      shared_[rest_of(words)].push_back(peer);
    } else if (verb == "ask") {
      ask(words);
    } else if (verb == "run") {
      net_->run_for(1ms * number(words));
    } else if (verb == "views") {
      tell_views();
    } else {
      told_ = "unknown command\n";
    }
    return told_;
  }

 private:
  static std::size_t number(std::istream& words) {
    std::size_t value = 0;
    words >> value;
    return value;
  }

  static std::string rest_of(std::istream& words) {
    std::string rest;
    std::getline(words >> std::ws, rest);
    return rest;
  }

  void build(std::istream& words) {
    NetOfPeers::Options options;
    options.config.estimate_period = Duration::zero();  // every peer's hum would drown the conversation
    const std::size_t peers = number(words);
    for (std::string option; words >> option;) {
      const std::string name = option.substr(0, option.find('='));
      const int value = std::stoi(option.substr(option.find('=') + 1));
      if (name == "active") options.config.active_size = static_cast<std::uint8_t>(value);
      if (name == "passive") options.config.passive_size = static_cast<std::uint8_t>(value);
      if (name == "latency") options.latency = 1ms * value;
      if (name == "seed") options.seed = static_cast<std::uint64_t>(value);
    }
    net_ = std::make_unique<NetOfPeers>(peers, options);
    net_->on_effect = [this](PeerId peer, const Effect& effect) {
      if (std::holds_alternative<Open>(effect)) return;  // what is in the box follows at once
      told_ +=
          fmt::format("{:6} ms  {}: {}\n", net_->now().time_since_epoch() / 1ms, to_number(peer), describe(effect));
    };
    net_->library = [this](PeerId peer, const SearchRequest& request) {
      std::vector<Hit> hits;
      for (std::size_t holder : shared_[request.text]) {
        if (peer_id(holder) != peer) continue;
        hits.push_back(hit_at(peer, 1));
        hits.back().track.title = request.text;
      }
      return hits;
    };
  }

  void ask(std::istream& words) {
    const std::size_t peer = number(words);
    std::string strategy;
    std::uint16_t ttl = 0;
    words >> strategy >> ttl;
    SearchRequest request =
        request_for(rest_of(words), strategy == "walk" ? StrategyKind::kWalk : StrategyKind::kFlood, ttl);
    request.walkers = strategy == "walk" ? 1 : 0;
    request.time = 1s;
    net_->ask(peer, request);
  }

  void tell_views() {
    for (std::size_t i = 0; i < net_->size(); ++i) {
      if (!net_->is_alive(i)) continue;
      told_ += fmt::format("           {}: neighbors{}, in reserve{}\n", i, sorted(net_->peer(i).neighbors()),
                           sorted(net_->peer(i).passive_view()));
    }
  }

  static std::string sorted(std::span<const PeerId> peers) {
    std::string text;
    for (PeerId peer : std::set<PeerId>(peers.begin(), peers.end())) text += fmt::format(" {}", to_number(peer));
    return text.empty() ? " none" : text;
  }

  std::unique_ptr<NetOfPeers> net_;
  std::map<std::string, std::vector<std::size_t>> shared_;
  std::string told_;
};

/// The transcript with everything but commands, comments and empty lines told anew.
std::string played(const std::string& transcript) {
  Stage stage;
  std::string text;
  std::istringstream lines(transcript);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("> ")) {
      text += line + "\n" + stage.perform(line.substr(2));
    } else if (line.empty() || line.starts_with("#")) {
      text += line + "\n";
    }
  }
  return text;
}

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Transcript : public ::testing::TestWithParam<std::string> {};

TEST_P(Transcript, IsPlayedAgainWordForWord) {
  const std::filesystem::path file = kFolder / (GetParam() + ".txt");
  const std::string written = contents(file);
  ASSERT_FALSE(written.empty()) << file;
  const std::string now = played(written);
  if (std::getenv("EARSHOT_REWRITE") != nullptr) {
    std::ofstream(file) << now;
  } else {
    EXPECT_EQ(now, written);
  }
}

std::vector<std::string> transcripts() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) names.push_back(entry.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Overlay, Transcript, ::testing::ValuesIn(transcripts()),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace earshot::overlay
