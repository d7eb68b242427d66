// Any bytes as a configuration file: read or refused with a place, never more.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "tools/node/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot::node;
  ConfigSources sources;
  sources.environment = [](std::string_view) { return std::nullopt; };
  sources.file_text.assign(reinterpret_cast<const char*>(data), size);
  sources.folders.runtime = "/run";
  const auto config = decide_config(sources);
  if (config && config->decided.size() != settings().size()) std::abort();
  if (!config && config.error().what.empty()) std::abort();
  return 0;
}
