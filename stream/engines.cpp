// Which engines there are.
#include "stream/engines.h"

#include <array>

#include "stream/ppspp/engine.h"
#ifdef EARSHOT_TORRENT
#include "stream/torrent/engine.h"
#endif

namespace earshot::stream {

namespace {

Result<std::unique_ptr<Engine>> open_ppspp(const EngineSettings& settings) {
  ppspp::EngineOptions options;
  options.folder = settings.folder / "ppspp";
  options.listen = settings.listen;
  options.upload_limit = settings.upload_limit;
  options.download_limit = settings.download_limit;
  options.carrier = settings.carrier;
  return ppspp::open_engine(options);
}

#ifdef EARSHOT_TORRENT
Result<std::unique_ptr<Engine>> open_torrent(const EngineSettings& settings) {
  torrent::EngineOptions options;
  options.folder = settings.folder / "torrent";
  options.listen = settings.listen;
  options.reach_out = settings.reach_out && !settings.listen.is_loopback();
  options.upload_limit = settings.upload_limit;
  options.download_limit = settings.download_limit;
  return torrent::open_engine(options);
}
#endif

constexpr std::array kTable = {
    EngineRow{Scheme::kPpspp, "ppspp", open_ppspp},
#ifdef EARSHOT_TORRENT
    EngineRow{Scheme::kTorrent, "torrent", open_torrent},
#endif
};

}  // namespace

std::span<const EngineRow> engine_table() { return kTable; }

Result<Engines> open_engines(std::span<const EngineRow> rows, const EngineSettings& settings) {
  Engines engines;
  for (const EngineRow& row : rows) {
    if (engines.contains(row.scheme)) return fail(ErrorCode::kInvalid, "two engines fetch the contents of '{}'", row.name);
    auto engine = row.open(settings);
    if (!engine) return fail_in(fmt::format("open the {} engine", row.name), std::move(engine.error()));
    engines.emplace(row.scheme, std::move(*engine));
  }
  return engines;
}

}  // namespace earshot::stream
