// What another CMake project writes: one peer, driven by hand, that asks a question and is asked to look it up.
#include <cstdio>
#include <variant>
#include <vector>

#include "overlay/peer.h"

using namespace earshot;

int main() {
  const overlay::Config config;
  std::vector<PeerId> active(config.active_size + 1u);
  std::vector<PeerId> passive(config.passive_size);
  std::vector<overlay::SeenSlot> seen(64);
  overlay::Peer peer(PeerId{1}, config, Random::stream(1, 1, 1), {active, passive, seen});
  overlay::Outbox out;
  SearchRequest request;
  request.text = "so what";
  peer.ask(Instant{}, request, out);
  for (const auto& effect : out) {
    if (const auto* lookup = std::get_if<overlay::Lookup>(&effect)) {
      std::printf("look up: %s\n", lookup->request->text.c_str());
      return 0;
    }
  }
  return 1;
}
