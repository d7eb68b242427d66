// Which of four places wins, and that the file is strict.
#include "tools/node/config.h"

#include <array>
#include <gmock/gmock.h>

#include "index/transliterator.h"
#include "tests/node/environment.h"
#include "tests/node/fakes.h"

namespace earshot::node {
namespace {

using testing::HasSubstr;

Folders some_folders() {
  return *resolve_folders(environment_of({}), "/d");
}

ConfigSources sources_of(Variables variables, std::string file,
                         std::map<std::string, std::vector<std::string>, std::less<>> flags = {}) {
  return {std::move(flags), environment_of(std::move(variables)), "earshot.toml", std::move(file), some_folders()};
}

// Two good values of a setting, as text and as TOML, and how the decided configuration shows them.
struct Sample {
  std::string key;
  std::vector<std::string> values;  // for file, environment, flag
  std::vector<std::string> toml;
  std::function<std::string(const Config&)> shown;
};

std::vector<Sample> samples() {
  const std::string key_a = "earshot://" + std::string(64, 'a') + "@127.0.0.1:1";
  const std::string key_b = "earshot://" + std::string(64, 'b') + "@127.0.0.1:2";
  const std::string key_c = "earshot://" + std::string(64, 'c') + "@127.0.0.1:3";
  const auto quoted = [](std::vector<std::string> texts) {
    for (std::string& text : texts) text = '"' + text + '"';
    return texts;
  };
  const auto listed = [&](const std::vector<std::string>& texts) {
    std::vector<std::string> lists;
    for (const std::string& text : quoted(texts)) lists.push_back("[" + text + "]");
    return lists;
  };
  const std::vector<std::string> listens = {"127.0.0.1:11", "127.0.0.1:12", "127.0.0.1:13"};
  const std::vector<std::string> contacts = {key_a, key_b, key_c};
  const std::vector<std::string> ports = {"11", "12", "13"};
  const std::vector<std::string> paths = {"/x", "/y", "/z"};
  const std::vector<std::string> urls = {"http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"};
  const std::vector<std::string> levels = {"debug", "warn", "error"};
  return {
      {"node.role", {"index", "node", "index"}, {"\"index\"", "\"node\"", "\"index\""},
       [](const Config& config) { return config.role == NodeRole::kIndex ? "index" : "node"; }},
      {"node.links", {"16", "17", "18"}, {"16", "17", "18"}, [](const Config& config) { return std::to_string(config.links); }},
      {"node.publish_after", ports, ports, [](const Config& config) { return std::to_string(config.publish_after / 1s); }},
      {"log.file", paths, quoted(paths), [](const Config& config) { return config.log_file.string(); }},
      {"node.listen", listens, quoted(listens), [](const Config& config) { return to_string(config.listen); }},
      {"node.bootstrap", contacts, listed(contacts),
       [](const Config& config) { return to_string(config.bootstrap.at(0)); }},
      {"stream.port", ports, ports, [](const Config& config) { return std::to_string(config.stream_port); }},
      {"stream.upload_kb", ports, ports, [](const Config& config) { return std::to_string(config.upload_kb); }},
      {"stream.download_kb", ports, ports, [](const Config& config) { return std::to_string(config.download_kb); }},
      {"http.port", ports, ports, [](const Config& config) { return std::to_string(config.http_port); }},
      {"radio.listen", listens, quoted(listens), [](const Config& config) { return to_string(*config.radio); }},
      {"radio.fallback", paths, quoted(paths), [](const Config& config) { return config.radio_fallback.string(); }},
      {"radio.fallback_kbps", {"64", "96", "320"}, {"64", "96", "320"},
       [](const Config& config) { return std::to_string(config.radio_fallback_kbps); }},
      {"share.folders", paths, listed(paths), [](const Config& config) { return config.share.at(0).string(); }},
      {"share.download", paths, quoted(paths), [](const Config& config) { return config.folders.download.string(); }},
      {"index.cache_mb", ports, ports, [](const Config& config) { return std::to_string(config.cache_mb); }},
      {"index.disk_mb", ports, ports, [](const Config& config) { return std::to_string(config.disk_mb); }},
      {"log.level", levels, quoted(levels), [](const Config& config) { return config.log_level; }},
      {"cli.url", urls, quoted(urls), [](const Config& config) { return config.url; }},
      {"cli.token_file", paths, quoted(paths), [](const Config& config) { return config.token_file.string(); }},
  };
}

const Setting& setting_of(const std::string& key) {
  const auto all = settings();
  return *std::find_if(all.begin(), all.end(), [&](const Setting& row) { return row.key == key; });
}

std::string file_with(const std::string& key, const std::string& toml) {
  const std::size_t dot = key.find('.');
  return "[" + key.substr(0, dot) + "]\n" + key.substr(dot + 1) + " = " + toml + "\n";
}

TEST(Config, EverySettingTakesEveryPairOfSourcesInTheRightOrder) {
  for (const Sample& sample : samples()) {
    const Setting& setting = setting_of(sample.key);
    for (unsigned present = 1; present < 8; ++present) {
      ConfigSources sources = sources_of({}, "");
      if (present & 1) sources.file_text = file_with(sample.key, sample.toml[0]);
      if (present & 2) sources.environment = environment_of({{std::string(setting.environment), sample.values[1]}});
      if (present & 4) sources.flags[sample.key] = {sample.values[2]};
      const std::size_t winner = present & 4 ? 2 : present & 2 ? 1 : 0;
      const auto config = decide_config(sources);
      ASSERT_TRUE(config) << sample.key << ": " << config.error().what;
      EXPECT_EQ(sample.shown(*config), sample.values[winner]) << sample.key << " from sources " << present;
      EXPECT_EQ(decided_on(*config, sample.key).origin, static_cast<Origin>(winner + 1)) << sample.key;
    }
  }
}

struct SwitchSample {
  std::string_view key;
  bool Config::*value;
};

constexpr std::array<SwitchSample, 6> kSwitches = {{{"index.sync", &Config::sync},
                                                    {"index.transliterate", &Config::transliterate},
                                                    {"node.browsable", &Config::browsable},
                                                    {"node.lan", &Config::lan},
                                                    {"node.local_only", &Config::local_only},
                                                    {"node.port_mapping", &Config::port_mapping}}};

TEST(Config, EverySettingIsSampledOrASwitch) {
  EXPECT_EQ(samples().size() + kSwitches.size(), settings().size());
}

TEST(Config, ASwitchFollowsTheSameOrder) {
  for (const SwitchSample& sample : kSwitches) {
    const std::string key(sample.key);
    if (sample.value == &Config::transliterate && index::Transliterator::rule().empty()) continue;  // built without ICU
    const std::string variable(setting_of(key).environment);
    ConfigSources sources = sources_of({{variable, "true"}}, file_with(key, "false"));
    EXPECT_TRUE((*decide_config(sources)).*sample.value) << key;
    sources.flags[key] = {"false"};
    EXPECT_FALSE((*decide_config(sources)).*sample.value) << key;
    sources.flags[key] = {"1"};
    EXPECT_FALSE(decide_config(sources)) << key;
  }
}

TEST(Config, WithoutAnySourceEveryValueIsTheDefault) {
  const auto config = decide_config(sources_of({}, ""));
  ASSERT_TRUE(config) << config.error().what;
  for (const Setting& setting : settings()) EXPECT_EQ(decided_on(*config, setting.key).origin, Origin::kDefault) << setting.key;
  EXPECT_EQ(to_string(config->listen), "0.0.0.0:4040");
  EXPECT_EQ(config->token_file, "/d/run/token");
}

TEST(Config, TheRoleOfAnIndexChangesDefaultsAndNothingThatWasChosen) {
  const auto index = decide_config(sources_of({}, "[node]\nrole = \"index\"\n"));
  ASSERT_TRUE(index) << index.error().what;
  EXPECT_EQ(index->cache_mb, 512u);
  EXPECT_EQ(index->links, 2048u);
  EXPECT_EQ(decided_on(*index, "index.cache_mb").place, "default of role index");
  const auto chosen = decide_config(sources_of({{"EARSHOT_ROLE", "index"}}, "[index]\ncache_mb = 64\n"));
  ASSERT_TRUE(chosen) << chosen.error().what;
  EXPECT_EQ(chosen->cache_mb, 64u);
  EXPECT_EQ(decided_on(*chosen, "index.cache_mb").place, "earshot.toml:2");
  EXPECT_EQ(decided_on(*chosen, "node.role").place, "EARSHOT_ROLE");
}

TEST(Config, AListInTheEnvironmentIsSeparatedBySpaces) {
  const auto config = decide_config(sources_of({{"EARSHOT_SHARE", " /a  /b "}}, ""));
  EXPECT_EQ(config->share, (std::vector<std::filesystem::path>{"/a", "/b"}));
}

TEST(Config, AnUnknownKeyIsAnErrorWithItsLine) {
  const auto config = decide_config(sources_of({}, "[node]\nlisten = \"127.0.0.1:1\"\nlisen = \"127.0.0.1:1\"\n"));
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(config.error().what, HasSubstr("earshot.toml:3: unknown key 'node.lisen'"));
}

TEST(Config, WhatTheFileMayNotSay) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"nonsense = 1", "earshot.toml:1: unknown key 'nonsense'"},
      {"[nonsense]\nkey = 1", "unknown key 'nonsense.key'"},
      {"[node]\nlisten = 4040", "'node.listen' must be a text"},
      {"[node]\nlisten = \"localhost:1\"", "earshot.toml:2"},
      {"[node]\nbootstrap = \"earshot://x\"", "'node.bootstrap' must be a list"},
      {"[node]\nbootstrap = [1]", "'node.bootstrap' must be a list"},
      {"[stream]\nport = \"1\"", "'stream.port' must be a whole number"},
      {"[stream]\nport = 65536", "'65536' is not a number in 0..65535"},
      {"[stream]\nport = -1", "'-1' is not a number"},
      {"[stream]\nport = 1.5", "'stream.port' must be a whole number"},
      {"[node]\nrole = \"king\"", "'king' is neither node nor index"},
      {"[node]\nlinks = 15", "'15' is not a number in 16..16384"},
      {"[index]\ncache_mb = 0", "'0' is not a number in 1.."},
      {"[index]\nsync = 1", "'index.sync' must be true or false"},
      {"[log]\nlevel = \"loud\"", "'loud' is none of"},
      {"[cli]\nurl = \"https://127.0.0.1:1\"", "is not of the form"},
      {"[node]\n[node]", "earshot.toml:2"},
      {"[node\n", "earshot.toml:1"},
      {"[share]\ndownload = \"a\\u0000b\"", "a NUL byte"},
      {std::string(kMaxConfigBytes + 1, '#'), "more than 65536"},
  };
  for (const auto& [file, what] : wrong) {
    const auto config = decide_config(sources_of({}, file));
    ASSERT_FALSE(config) << file.substr(0, 80);
    EXPECT_THAT(config.error().what, HasSubstr(what)) << file.substr(0, 80);
  }
}

TEST(Config, AWrongFlagNamesTheFlagAndAWrongVariableTheVariable) {
  EXPECT_THAT(decide_config(sources_of({}, "", {{"http.port", {"many"}}})).error().what,
              HasSubstr("--http-port: 'many'"));
  EXPECT_THAT(decide_config(sources_of({{"EARSHOT_HTTP_PORT", "x"}}, "")).error().what,
              HasSubstr("EARSHOT_HTTP_PORT: 'x'"));
}

TEST(Folders, FollowTheXdgVariables) {
  const auto folders = resolve_folders(environment_of({{"HOME", "/home/ada"},
                                                       {"XDG_CONFIG_HOME", "/c"},
                                                       {"XDG_DATA_HOME", "relative/is/ignored"},
                                                       {"XDG_RUNTIME_DIR", "/run/user/7"}}),
                                       std::nullopt);
  ASSERT_TRUE(folders);
  EXPECT_EQ(folders->config, "/c/earshot");
  EXPECT_EQ(folders->data, "/home/ada/.local/share/earshot");
  EXPECT_EQ(folders->state, "/home/ada/.local/state/earshot");
  EXPECT_EQ(folders->cache, "/home/ada/.cache/earshot");
  EXPECT_EQ(folders->runtime, "/run/user/7/earshot");
  EXPECT_EQ(folders->download, "/home/ada/Music/earshot");
}

TEST(Folders, LieBelowTheDatadirWhenThereIsOne) {
  const auto folders = resolve_folders(environment_of({{"XDG_CONFIG_HOME", "/c"}}), "/d");
  for (const auto& folder : {folders->data, folders->state, folders->cache, folders->runtime, folders->download}) {
    EXPECT_EQ(folder.parent_path(), "/d") << folder;
  }
  EXPECT_EQ(folders->config, "/d");
}

TEST(Folders, WithoutHomeAndDatadirThereIsAnErrorThatSaysWhatToDo) {
  const auto folders = resolve_folders(environment_of({}), std::nullopt);
  ASSERT_FALSE(folders);
  EXPECT_THAT(folders.error().what, HasSubstr("--datadir"));
}

TEST(LoadConfig, ADatadirFlagBeatsTheVariableAndItsFileIsRead) {
  const TemporaryFolder flag;
  const TemporaryFolder variable;
  flag.write("earshot.toml", "[http]\nport = 1\n");
  variable.write("earshot.toml", "[http]\nport = 2\n");
  const auto environment = environment_of({{"EARSHOT_DATADIR", variable.path().string()}});
  EXPECT_EQ(load_config({flag.path(), std::nullopt, {}}, environment)->http_port, 1);
  EXPECT_EQ(load_config({std::nullopt, std::nullopt, {}}, environment)->http_port, 2);
}

TEST(LoadConfig, ANamedFileMustBeThereAndADefaultOneNeedNot) {
  const TemporaryFolder folder;
  EXPECT_TRUE(load_config({folder.path(), std::nullopt, {}}, environment_of({})));
  EXPECT_FALSE(load_config({folder.path(), folder / "absent.toml", {}}, environment_of({})));
}

}  // namespace
}  // namespace earshot::node
