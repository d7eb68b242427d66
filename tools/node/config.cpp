// The table of settings and the order of its sources. toml++ is included here only; its exceptions end here.
#include "tools/node/config.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <limits>

#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "index/transliterator.h"
#include "schema/check.h"

namespace earshot::node {

namespace fs = std::filesystem;

namespace {

using Values = std::span<const std::string>;

template <class Number>
Result<Number> number_in(const std::string& text, Number least, Number most) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
    return fail(ErrorCode::kInvalid, "'{}' is not a number in {}..{}", text, least, most);
  }
  return value;
}

Result<void> apply_port(std::uint16_t& port, Values values) {
  const auto number = number_in<std::uint16_t>(values[0], 0, std::numeric_limits<std::uint16_t>::max());
  if (!number) return tl::unexpected(number.error());
  port = *number;
  return {};
}

Result<void> apply_role(Config& config, Values values) {
  if (values[0] != "node" && values[0] != "index")
    return fail(ErrorCode::kInvalid, "'{}' is neither node nor index", values[0]);
  config.role = values[0] == "index" ? NodeRole::kIndex : NodeRole::kNode;
  return {};
}

Result<void> apply_links(Config& config, Values values) {
  // 16 is a view of five and its handshakes; 16,384 links take some 640 MB.
  const auto number = number_in<std::uint16_t>(values[0], 16, 16 * 1024);
  if (!number) return tl::unexpected(number.error());
  config.links = *number;
  return {};
}

Result<void> apply_listen(Config& config, Values values) {
  const auto endpoint = endpoint_from(values[0]);
  if (!endpoint) return tl::unexpected(endpoint.error());
  config.listen = *endpoint;
  return {};
}

Result<void> apply_bootstrap(Config& config, Values values) {
  config.bootstrap.clear();
  for (const std::string& text : values) {
    const auto contact = contact_from(text);
    if (!contact) return tl::unexpected(contact.error());
    config.bootstrap.push_back(*contact);
  }
  return {};
}

Result<void> apply_publish_after(Config& config, Values values) {
  const auto number = number_in<std::uint32_t>(values[0], 1, 24 * 3600);
  if (!number) return tl::unexpected(number.error());
  config.publish_after = std::chrono::seconds(*number);
  return {};
}

Result<void> apply_rate(std::uint32_t& rate, Values values) {
  const auto number = number_in<std::uint32_t>(values[0], 0, 4'000'000);
  if (!number) return tl::unexpected(number.error());
  rate = *number;
  return {};
}

Result<void> apply_share(Config& config, Values values) {
  config.share.clear();
  for (const std::string& text : values) {
    if (text.empty()) return fail(ErrorCode::kInvalid, "the path of a shared folder is empty");
    config.share.emplace_back(text);
  }
  return {};
}

Result<void> apply_radio(Config& config, Values values) {
  config.radio.reset();
  if (values[0].empty()) return {};
  const auto endpoint = endpoint_from(values[0]);
  if (!endpoint) return tl::unexpected(endpoint.error());
  config.radio = *endpoint;
  return {};
}

Result<void> apply_fallback(Config& config, Values values) {
  config.radio_fallback = values[0];
  return {};
}

Result<void> apply_fallback_rate(Config& config, Values values) {
  const auto number = number_in<std::uint16_t>(values[0], 8, 2000);
  if (!number) return tl::unexpected(number.error());
  config.radio_fallback_kbps = *number;
  return {};
}

Result<void> apply_download(Config& config, Values values) {
  if (!values[0].empty()) config.folders.download = values[0];
  return {};
}

Result<void> apply_cache(Config& config, Values values) {
  const auto number = number_in<std::uint32_t>(values[0], 1, 64 * 1024);
  if (!number) return tl::unexpected(number.error());
  config.cache_mb = *number;
  return {};
}

Result<void> apply_disk(Config& config, Values values) {
  const auto number = number_in<std::uint32_t>(values[0], 0, 16 * 1024 * 1024);
  if (!number) return tl::unexpected(number.error());
  config.disk_mb = *number;
  return {};
}

Result<void> apply_switch(bool& is_on, Values values) {
  if (values[0] != "true" && values[0] != "false") {
    return fail(ErrorCode::kInvalid, "'{}' is neither true nor false", values[0]);
  }
  is_on = values[0] == "true";
  return {};
}

Result<void> apply_transliterate(Config& config, Values values) {
  if (auto applied = apply_switch(config.transliterate, values); !applied) return applied;
  if (config.transliterate && index::Transliterator::rule().empty())
    return fail(ErrorCode::kInvalid, "this program cannot transliterate: it was built without ICU");
  return {};
}

Result<void> apply_log_level(Config& config, Values values) {
  constexpr std::array<std::string_view, 5> kLevels = {"error", "warn", "info", "debug", "off"};
  if (std::find(kLevels.begin(), kLevels.end(), values[0]) == kLevels.end()) {
    return fail(ErrorCode::kInvalid, "'{}' is none of error, warn, info, debug, off", values[0]);
  }
  config.log_level = values[0];
  return {};
}

Result<void> apply_url(Config& config, Values values) {
  constexpr std::string_view kScheme = "http://";
  if (!values[0].empty() && (!values[0].starts_with(kScheme) || !endpoint_from(values[0].substr(kScheme.size())))) {
    return fail(ErrorCode::kInvalid, "'{}' is not of the form http://127.0.0.1:4080", values[0]);
  }
  config.url = values[0];
  return {};
}

constexpr std::string_view kSame;  // role "index" has no default of its own

constexpr std::array<Setting, 26> kSettings = {{
    {"node.role", "--role", "EARSHOT_ROLE", Shape::kText, "node|index", "node", kSame,
     "node, or index: a machine with memory to spare that answers for many", apply_role},
    {"node.listen", "--listen", "EARSHOT_LISTEN", Shape::kText, "ADDRESS:PORT", "0.0.0.0:4040", kSame,
     "Address and TCP port where other nodes reach this one; port 0: any free port", apply_listen},
    {"node.bootstrap", "--bootstrap", "EARSHOT_BOOTSTRAP", Shape::kList, "CONTACT", "", kSame,
     "Nodes to join through, as earshot://KEY@ADDRESS:PORT", apply_bootstrap},
    {"node.links", "--links", "EARSHOT_LINKS", Shape::kNumber, "NUMBER", "256", "2048",
     "Links to other nodes at most, each way; one takes a descriptor and 39 kB", apply_links},
    {"node.lan", "--lan", "EARSHOT_LAN", Shape::kSwitch, "true|false", "true", kSame,
     "Find nodes of the local network by multicast; a node that listens on loopback does not",
     [](Config& config, Values values) { return apply_switch(config.lan, values); }},
    {"node.browsable", "--browsable", "EARSHOT_BROWSABLE", Shape::kSwitch, "true|false", "true", kSame,
     "Show the list of what is shared to peers that ask for it; searches find it either way",
     [](Config& config, Values values) { return apply_switch(config.browsable, values); }},
    {"node.local_only", "--local-only", "EARSHOT_LOCAL_ONLY", Shape::kSwitch, "true|false", "false", kSame,
     "Keep to this machine and the local network: nobody of the internet is dialled or let in",
     [](Config& config, Values values) { return apply_switch(config.local_only, values); }},
    {"node.port_mapping", "--port-mapping", "EARSHOT_PORT_MAPPING", Shape::kSwitch, "true|false", "true", kSame,
     "Ask the router to let others in (NAT-PMP, UPnP)",
     [](Config& config, Values values) { return apply_switch(config.port_mapping, values); }},
    {"node.publish_after", "--publish-after", "EARSHOT_PUBLISH_AFTER", Shape::kNumber, "SECONDS", "60", kSame,
     "Seconds after which a library, or a change of it, is told to others", apply_publish_after},
    {"stream.port", "--stream-port", "EARSHOT_STREAM_PORT", Shape::kNumber, "PORT", "0", kSame,
     "UDP port on which music is served; 0: any free port",
     [](Config& config, Values values) { return apply_port(config.stream_port, values); }},
    {"stream.upload_kb", "--upload-kb", "EARSHOT_UPLOAD_KB", Shape::kNumber, "NUMBER", "0", kSame,
     "Kilobytes a second that streams may send in all; 0: no limit",
     [](Config& config, Values values) { return apply_rate(config.upload_kb, values); }},
    {"stream.download_kb", "--download-kb", "EARSHOT_DOWNLOAD_KB", Shape::kNumber, "NUMBER", "0", kSame,
     "Kilobytes a second that streams may take in all; 0: no limit",
     [](Config& config, Values values) { return apply_rate(config.download_kb, values); }},
    {"http.port", "--http-port", "EARSHOT_HTTP_PORT", Shape::kNumber, "PORT", "0", kSame,
     "TCP port of the HTTP API on 127.0.0.1; 0: any free port",
     [](Config& config, Values values) { return apply_port(config.http_port, values); }},
    {"radio.listen", "--radio", "EARSHOT_RADIO", Shape::kText, "ADDRESS:PORT", "", kSame,
     "Where sources go on air and listeners come (Icecast's way), such as 127.0.0.1:8040; empty: no radio", apply_radio},
    {"radio.fallback", "--radio-fallback", "EARSHOT_RADIO_FALLBACK", Shape::kText, "FILE", "", kSame,
     "What a station plays, again and again, while its source is away: an mp3, AAC or Ogg file like what the source sends",
     apply_fallback},
    {"radio.fallback_kbps", "--radio-fallback-kbps", "EARSHOT_RADIO_FALLBACK_KBPS", Shape::kNumber, "NUMBER", "128", kSame,
     "Kilobits a second of that file", apply_fallback_rate},
    {"share.folders", "--share", "EARSHOT_SHARE", Shape::kList, "PATH", "", kSame,
     "Folders and files to share at every start", apply_share},
    {"share.download", "--download", "EARSHOT_DOWNLOAD", Shape::kText, "FOLDER", "", kSame,
     "Folder for fetched music; empty: earshot in the music folder", apply_download},
    {"index.cache_mb", "--cache-mb", "EARSHOT_CACHE_MB", Shape::kNumber, "NUMBER", "32", "512",
     "Memory for the index, in MiB", apply_cache},
    {"index.disk_mb", "--disk-mb", "EARSHOT_DISK_MB", Shape::kNumber, "NUMBER", "0", kSame,
     "Disk that the index may take, in MiB; 0: what there is", apply_disk},
    {"index.transliterate", "--transliterate", "EARSHOT_TRANSLITERATE", Shape::kSwitch, "true|false", "false", kSame,
     "Find Cyrillic, Greek, Chinese, Japanese and Korean names by Latin letters, too, for those who search here; an index that "
     "is there takes it over with: earshot index rebuild",
     apply_transliterate},
    {"index.sync", "--index-sync", "EARSHOT_INDEX_SYNC", Shape::kSwitch, "true|false", "true", kSame,
     "Write the index through to the disk, so that it survives a power cut",
     [](Config& config, Values values) { return apply_switch(config.sync, values); }},
    {"log.level", "--log-level", "EARSHOT_LOG_LEVEL", Shape::kText, "LEVEL", "info", kSame,
     "error, warn, info, debug or off", apply_log_level},
    {"log.file", "--log-file", "EARSHOT_LOG_FILE", Shape::kText, "FILE", "", kSame,
     "File for the log, turned at 10 MB, the last three are kept; empty: stderr",
     [](Config& config, Values values) -> Result<void> {
       config.log_file = values[0];
       return {};
     }},
    {"cli.url", "--url", "EARSHOT_URL", Shape::kText, "URL", "", kSame,
     "Talk to the node at http://ADDRESS:PORT; empty: the one of the data folder, over its unix socket", apply_url},
    {"cli.token_file", "--token-file", "EARSHOT_TOKEN_FILE", Shape::kText, "FILE", "", kSame,
     "Token for cli.url; empty: the file 'token' in the runtime folder",
     [](Config& config, Values values) -> Result<void> {
       config.token_file = values[0].empty() ? config.folders.runtime / "token" : fs::path(values[0]);
       return {};
     }},
}};

const Setting* setting_named(std::string_view key) {
  const auto found =
      std::find_if(kSettings.begin(), kSettings.end(), [&](const Setting& row) { return row.key == key; });
  return found == kSettings.end() ? nullptr : &*found;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(' ', at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::string_view name_of(Shape shape) {
  switch (shape) {
    case Shape::kText:
      return "a text in quotes";
    case Shape::kNumber:
      return "a whole number";
    case Shape::kSwitch:
      return "true or false";
    case Shape::kList:
      return "a list of texts";
  }
  return "";
}

// The value of one file entry as texts, or nothing when it does not have the setting's shape.
std::optional<std::vector<std::string>> texts_of(const toml::node& node, Shape shape) {
  if (shape == Shape::kText && node.is_string()) return std::vector{node.ref<std::string>()};
  if (shape == Shape::kNumber && node.is_integer()) return std::vector{fmt::format("{}", node.ref<std::int64_t>())};
  if (shape == Shape::kSwitch && node.is_boolean())
    return std::vector<std::string>{node.ref<bool>() ? "true" : "false"};
  if (shape != Shape::kList || !node.is_array()) return std::nullopt;
  std::vector<std::string> texts;
  for (const toml::node& element : *node.as_array()) {
    if (!element.is_string()) return std::nullopt;
    texts.push_back(element.ref<std::string>());
  }
  return texts;
}

struct FileValue {
  std::vector<std::string> texts;
  std::string place;  // "earshot.toml:3"
};

using FileValues = std::map<std::string, FileValue, std::less<>>;

Result<void> read_entry(const std::string& key, const toml::node& node, const std::string& file_name,
                        FileValues& values) {
  const std::string place = fmt::format("{}:{}", file_name, node.source().begin.line);
  const Setting* setting = setting_named(key);
  if (!setting)
    return fail(ErrorCode::kInvalid, "{}: unknown key '{}' (earshot help config lists the keys)", place, key);
  auto texts = texts_of(node, setting->shape);
  if (!texts) return fail(ErrorCode::kInvalid, "{}: '{}' must be {}", place, key, name_of(setting->shape));
  values.emplace(key, FileValue{std::move(*texts), place});
  return {};
}

Result<FileValues> read_file(const std::string& file_name, const std::string& text) {
  if (text.size() > kMaxConfigBytes) {
    return fail(ErrorCode::kInvalid, "{}: {} bytes, more than {}", file_name, text.size(), kMaxConfigBytes);
  }
  FileValues values;
  try {
    const toml::table root = toml::parse(text);
    for (const auto& [table_name, table] : root) {
      const std::string name(table_name.str());
      if (!table.is_table()) {
        if (auto read = read_entry(name, table, file_name, values); !read) return tl::unexpected(read.error());
        continue;
      }
      for (const auto& [key, node] : *table.as_table()) {
        auto read = read_entry(fmt::format("{}.{}", name, key.str()), node, file_name, values);
        if (!read) return tl::unexpected(read.error());
      }
    }
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::kInvalid, "{}:{}: {}", file_name, error.source().begin.line, error.description());
  }
  return values;
}

std::vector<std::string> texts_of(const Setting& setting, std::string_view text) {
  return setting.shape == Shape::kList ? words_of(text) : std::vector{std::string(text)};
}

Decided choose(const Setting& setting, const ConfigSources& sources, const FileValues& file, NodeRole role) {
  if (const auto flag = sources.flags.find(setting.key); flag != sources.flags.end()) {
    return {Origin::kFlag, std::string(setting.flag), flag->second};
  }
  if (const auto text = sources.environment(setting.environment)) {
    return {Origin::kEnvironment, std::string(setting.environment), texts_of(setting, *text)};
  }
  if (const auto entry = file.find(setting.key); entry != file.end()) {
    return {Origin::kFile, entry->second.place, entry->second.texts};
  }
  if (role == NodeRole::kIndex && !setting.index_fallback.empty())
    return {Origin::kDefault, "default of role index", texts_of(setting, setting.index_fallback)};
  return {Origin::kDefault, "default", texts_of(setting, setting.fallback)};
}

std::optional<fs::path> xdg(const Environment& environment, std::string_view name) {
  const auto text = environment(name);
  if (!text || !fs::path(*text).is_absolute()) return std::nullopt;
  return fs::path(*text);
}

Result<std::string> text_of_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::kInvalid, "cannot read '{}'", file.string());
  std::string text(kMaxConfigBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

}  // namespace

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value && *value) return std::string(value);
    if (name != "HOME") return std::nullopt;
    const passwd* user = ::getpwuid(::getuid());
    return user && user->pw_dir ? std::optional<std::string>(user->pw_dir) : std::nullopt;
  };
}

Result<Folders> resolve_folders(const Environment& environment, const std::optional<fs::path>& datadir) {
  if (datadir) {
    const fs::path top = fs::absolute(*datadir);
    return Folders{top, top / "data", top / "state", top / "cache", top / "run", top / "music"};
  }
  const auto home = xdg(environment, "HOME");
  if (!home) return fail(ErrorCode::kInvalid, "HOME is not set: say --datadir FOLDER");
  const auto under = [&](std::string_view variable, const fs::path& fallback) {
    return xdg(environment, variable).value_or(*home / fallback) / "earshot";
  };
  Folders folders;
  folders.config = under("XDG_CONFIG_HOME", ".config");
  folders.data = under("XDG_DATA_HOME", ".local/share");
  folders.state = under("XDG_STATE_HOME", ".local/state");
  folders.cache = under("XDG_CACHE_HOME", ".cache");
  const auto runtime = xdg(environment, "XDG_RUNTIME_DIR");
  folders.runtime = runtime ? *runtime / "earshot" : folders.state / "run";
  folders.download = under("XDG_MUSIC_DIR", "Music");
  return folders;
}

std::span<const Setting> settings() {
  return kSettings;
}

const Decided& decided_on(const Config& config, std::string_view key) {
  const Setting* setting = setting_named(key);
  EARSHOT_CHECK(setting && config.decided.size() == kSettings.size());
  return config.decided[static_cast<std::size_t>(setting - kSettings.data())];
}

Result<Config> decide_config(const ConfigSources& sources) {
  const auto file = read_file(sources.file_name, sources.file_text);
  if (!file) return tl::unexpected(file.error());
  Config config;
  config.folders = sources.folders;
  for (const Setting& setting : kSettings) {
    Decided choice = choose(setting, sources, *file, config.role);
    if (setting.shape != Shape::kList && choice.texts.size() != 1) {
      return fail(ErrorCode::kInvalid, "{}: expected one value, got {}", choice.place, choice.texts.size());
    }
    for (const std::string& text : choice.texts) {
      if (text.find('\0') != std::string::npos)
        return fail(ErrorCode::kInvalid, "{}: a NUL byte in a value", choice.place);
    }
    if (auto applied = setting.apply(config, choice.texts); !applied) return fail_in(choice.place, applied.error());
    config.decided.push_back(std::move(choice));
  }
  return config;
}

fs::path config_file_of(const Folders& folders, const ConfigFlags& flags, const Environment& environment) {
  if (flags.config_file) return *flags.config_file;
  if (const auto text = environment("EARSHOT_CONFIG")) return *text;
  return folders.config / "earshot.toml";
}

Result<Config> load_config(const ConfigFlags& flags, const Environment& environment) {
  auto datadir = flags.datadir;
  if (!datadir) {
    if (const auto text = environment("EARSHOT_DATADIR")) datadir = *text;
  }
  auto folders = resolve_folders(environment, datadir);
  if (!folders) return tl::unexpected(folders.error());
  const bool named = flags.config_file || environment("EARSHOT_CONFIG");
  const fs::path file = config_file_of(*folders, flags, environment);
  ConfigSources sources{flags.values, environment, file.string(), "", std::move(*folders)};
  std::error_code ignored;
  if (named || fs::exists(file, ignored)) {
    auto text = text_of_file(file);
    if (!text) return tl::unexpected(text.error());
    sources.file_text = std::move(*text);
  }
  return decide_config(sources);
}

}  // namespace earshot::node
