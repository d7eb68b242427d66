// The table of engines: a new one is a folder under stream/ that implements stream::Engine, and a line in engines.cpp.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string_view>

#include "schema/endpoint.h"
#include "schema/ids.h"
#include "schema/result.h"
#include "stream/engine.h"
#include "stream/relay/carrier.h"

namespace earshot::stream {

/// What every engine is told; each takes what it needs.
struct EngineSettings {
  std::filesystem::path folder;      // an engine keeps its state in a folder of its name below it
  Endpoint listen;                   // of engines with a port
  std::uint64_t upload_limit = 0;    // bytes a second; 0: no limit
  std::uint64_t download_limit = 0;
  std::shared_ptr<relay::Carrier> carrier{};  // links for peers that UDP does not reach; null: none
  bool reach_out = true;             // may look for strangers by itself: a DHT
};

struct EngineRow {
  Scheme scheme;          // whose contents it fetches
  std::string_view name;  // for people, and of its folder
  Result<std::unique_ptr<Engine>> (*open)(const EngineSettings& settings);
};

using Engines = std::map<Scheme, std::unique_ptr<Engine>>;

std::span<const EngineRow> engine_table();

/// Opens one engine a row. Errors: those of the engine, with its name; two rows of one scheme are kInvalid.
Result<Engines> open_engines(std::span<const EngineRow> rows, const EngineSettings& settings);

}  // namespace earshot::stream
