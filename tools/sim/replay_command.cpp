// earshot-sim replay: a trace as a transcript, which people read and tests/overlay plays again.
//
// The trace has only what peers did. What they were told to do follows from it: a peer's first effect, a Join, is that it was told to
// join; the first look-up of a query is that its peer was asked. Everything between two commands is what time brought.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/table_file.h"
#include "tools/sim/command.h"
#include "tools/sim/study_folder.h"

namespace earshot::simtool {

namespace {

using Json = nlohmann::json;

struct ReplayFlags {
  std::string trace;
  std::string out;
  std::uint32_t until_ms = UINT32_MAX;
};

struct Line {
  std::int64_t us = 0;
  std::uint32_t peer = 0;
  std::string says;
  std::string command;  // that it answers, if it is the first effect of one
};

class Transcript {
 public:
  explicit Transcript(std::uint32_t until_ms) : until_us_(std::int64_t{until_ms} * 1000) {}

  void add(const Json& json) {
    if (json.contains("trace")) {
      begin(json);
    } else if (json.contains("holders")) {
      for (const Json& holder : json.at("holders")) text_ += fmt::format("> share {} {}\n", holder.get<std::uint32_t>(), json.at("text").get<std::string>());
    } else if (json.value("effect", "") == "open") {
      // What is in the box follows at once.
    } else if (json.contains("us") && json.at("us").get<std::int64_t>() <= until_us_) {
      lines_.push_back(line_from(json));
    }
  }

  std::string text() {
    std::int64_t now_ms = 0;
    std::string brought;  // by time, since the last command
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const Line& line = lines_[i];
      if (line.command.empty()) {
        brought += told(line);
        continue;
      }
      run_to(line.us / 1000, now_ms, brought);
      text_ += line.command + told(line);
      while (i + 1 < lines_.size() && lines_[i + 1].us == line.us && lines_[i + 1].peer == line.peer && lines_[i + 1].command.empty()) {
        text_ += told(lines_[++i]);
      }
    }
    if (!lines_.empty()) run_to(lines_.back().us / 1000 + 1, now_ms, brought);
    return std::move(text_);
  }

 private:
  void begin(const Json& json) {
    const std::string why = json.at("unplayable");
    text_ += fmt::format("# {}, {}, seed {}, as the simulator told it.\n", json.at("scenario").get<std::string>(), json.at("search").get<std::string>(),
                         json.at("seed").get<std::uint64_t>());
    if (!why.empty()) text_ += fmt::format("# It cannot be played again word for word: {}.\n", why);
    text_ += fmt::format("> network {} active={} passive={} latency={} seed={}\n", json.at("peers").get<std::uint32_t>(),
                         json.at("active_size").get<std::uint32_t>(), json.at("passive_size").get<std::uint32_t>(),
                         json.at("latency_us").get<std::int64_t>() / 1000, json.at("seed").get<std::uint64_t>());
  }

  Line line_from(const Json& json) {
    Line line{json.at("us"), json.at("peer"), json.at("says"), ""};
    const bool is_first = seen_.insert(line.peer).second;
    if (is_first && json.value("message", "") == "Join") line.command = fmt::format("> join {} {}\n", line.peer, json.at("to").get<std::uint32_t>());
    if (json.at("effect") == "look_up" && asked_.insert(json.at("id")).second) {
      line.command = fmt::format("> ask {} {} {} {}\n", line.peer, json.at("walk").get<bool>() ? "walk" : "flood", json.at("ttl").get<std::uint32_t>(),
                                 json.at("query").get<std::string>());
    }
    return line;
  }

  static std::string told(const Line& line) { return fmt::format("{:6} ms  {}: {}\n", line.us / 1000, line.peer, line.says); }

  void run_to(std::int64_t ms, std::int64_t& now_ms, std::string& brought) {
    if (ms > now_ms) text_ += fmt::format("> run {}\n", ms - now_ms);
    now_ms = std::max(ms, now_ms);
    text_ += brought;
    brought.clear();
  }

  std::int64_t until_us_;
  std::string text_;
  std::vector<Line> lines_;
  std::set<std::uint32_t> seen_;   // peers
  std::set<std::string> asked_;    // queries
};

Result<int> replay(const ReplayFlags& flags) {
  const auto text = sim::read_text(flags.trace);
  if (!text) return tl::unexpected(text.error());
  Transcript transcript(flags.until_ms);
  sim::Pieces lines(*text, '\n');
  std::size_t number = 0;
  for (std::string_view line; lines.next(line);) {
    ++number;
    try {
      transcript.add(Json::parse(line));
    } catch (const std::exception& error) {
      return fail(ErrorCode::kCorrupt, "'{}':{}: no line of a trace: {}", flags.trace, number, error.what());
    }
  }
  const std::string told = transcript.text();
  if (flags.out.empty()) {
    fmt::print("{}", told);
  } else if (auto written = write_file(flags.out, told); !written) {
    return tl::unexpected(written.error());
  }
  return kDone;
}

}  // namespace

Command replay_command() {
  const auto flags = std::make_shared<ReplayFlags>();
  return {"replay", "Make a transcript of a trace (run --trace), as tests/overlay/transcripts has them",
          [flags](Arguments& arguments) {
            arguments.required("trace", flags->trace, "What run --trace wrote");
            arguments.optional("--out", flags->out, "File for the transcript, instead of stdout");
            arguments.number("--until-ms", flags->until_ms, 0, UINT32_MAX, "Leave out what happens later");
          },
          [flags] { return replay(*flags); }};
}

}  // namespace earshot::simtool
