// The doctor's judgements: each fault alone is found, under its name, with a remedy and the right end.
#include "tools/cli/doctor_findings.h"

#include <gmock/gmock.h>

namespace earshot::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Facts healthy() {
  Facts facts;
  facts.config_file = "/h/earshot.toml";
  facts.config_exists = true;
  facts.socket_path_bytes = 30;
  facts.paths = {{"data folder", "/h/data", true, true, true, true, 0700},
                 {"key", "/h/data/key", false, true, true, true, 0600}};
  facts.free_bytes = 50'000'000'000;
  facts.total_bytes = 100'000'000'000;
  facts.descriptors = facts.descriptors_hard = 4096;
  facts.wanted_descriptors = 612;
  facts.clock_year = 2026;
  facts.ports = {{"node.listen (TCP 4040)", "node.listen", 4040, true, ""}};
  facts.contacts = {{"192.0.2.7:4040", true}};
  facts.node = {true, true, true, StatusLine{}, 2};
  facts.node.status->neighbors = 5;
  facts.node.status->links = 6;
  facts.node.status->uptime_ms = 3'600'000;
  facts.players = {"mpv"};
  return facts;
}

// The one finding that is neither good nor a note.
Finding complaint_in(const Facts& facts) {
  std::vector<Finding> found;
  for (const Finding& finding : judge(facts)) {
    if (finding.level >= Level::kWarning) found.push_back(finding);
  }
  EXPECT_EQ(found.size(), 1u);
  return found.empty() ? Finding{} : found.front();
}

TEST(Doctor, HasNothingToSayAboutAHealthyNode) {
  const auto findings = judge(healthy());
  for (const Finding& finding : findings) {
    EXPECT_EQ(finding.level, Level::kGood) << finding.check << ": " << finding.what;
    EXPECT_THAT(finding.remedy, IsEmpty());
  }
  EXPECT_EQ(exit_code_of(findings), ExitCode::kDone);
}

struct Fault {
  const char* name;
  void (*make)(Facts&);
  const char* check;
  Level level;
  ExitCode code;
  const char* says;
};

const Fault kFaults[] = {
    {"TheConfigurationIsWrong", [](Facts& f) { f.config_error = "earshot.toml:2: unknown key"; }, "config", Level::kBad,
     ExitCode::kUsage, "earshot.toml:2"},
    {"ItRunsAsRoot", [](Facts& f) { f.runs_as_root = true; }, "user", Level::kWarning, ExitCode::kDone, "root"},
    {"TheKeyIsOpen", [](Facts& f) { f.paths[1].mode = 0644; }, "permissions", Level::kBad, ExitCode::kDenied,
     "mode 0644"},
    {"AFolderIsSomeoneElses", [](Facts& f) { f.paths[0].is_ours = false; }, "permissions", Level::kBad,
     ExitCode::kDenied, "another user"},
    {"AFolderIsReadOnly", [](Facts& f) { f.paths[0].is_writable = false; }, "permissions", Level::kBad, ExitCode::kDisk,
     "cannot be written"},
    {"TheSocketPathIsTooLong", [](Facts& f) { f.socket_path_bytes = 108; }, "runtime", Level::kBad, ExitCode::kUsage,
     "108 bytes"},
    {"TheDiskIsFull", [](Facts& f) { f.free_bytes = 1'000'000; }, "disk", Level::kBad, ExitCode::kDisk,
     "1.0 MB of 100 GB"},
    {"TheDiskIsNearlyFull", [](Facts& f) { f.free_bytes = 500'000'000; }, "disk", Level::kWarning, ExitCode::kDone,
     "500 MB"},
    {"DescriptorsAreFew", [](Facts& f) { f.descriptors = 256; }, "descriptors", Level::kWarning, ExitCode::kDone,
     "612 are wanted"},
    {"TheClockIsOld", [](Facts& f) { f.clock_year = 1970; }, "clock", Level::kBad, ExitCode::kUsage, "1970"},
    {"TheLockIsHeldInSilence",
     [](Facts& f) {
       f.node = {true, true, false, {}, 0};
     },
     "node", Level::kBad, ExitCode::kNoNode, "lock"},
    {"APortIsTaken",
     [](Facts& f) {
       f.node = {};
       f.ports[0].is_free = false;
       f.ports[0].why_not = "Address already in use";
     },
     "ports", Level::kBad, ExitCode::kUsage, "Address already in use"},
    {"TheIndexIsDamaged",
     [](Facts& f) {
       f.node = {};
       f.index_error = "checksum";
     },
     "index", Level::kBad, ExitCode::kDisk, "checksum"},
    {"TheIndexIsPaused",
     [](Facts& f) {
       f.node.status->index_paused = true;
       f.node.status->index_trouble = "No space left on device";
     },
     "index", Level::kBad, ExitCode::kDisk, "No space left"},
    {"AnIndexWasMovedAside", [](Facts& f) { f.node.status->index_moved_aside = "/h/data/index.damaged"; }, "index",
     Level::kWarning, ExitCode::kDone, "/h/data/index.damaged"},
    {"AShareIsGone",
     [](Facts& f) {
       f.shares = {{"share", "/m", true, false, true, true, 0}};
     },
     "shares", Level::kWarning, ExitCode::kDone, "/m"},
    {"NobodyIsKnown",
     [](Facts& f) {
       f.node = {};
       f.contacts.clear();
     },
     "contacts", Level::kWarning, ExitCode::kDone, "no node is known"},
    {"NoContactAnswers", [](Facts& f) { f.contacts[0].answers = false; }, "contacts", Level::kWarning, ExitCode::kDone,
     "192.0.2.7:4040"},
    {"NoNeighbor", [](Facts& f) { f.node.status->neighbors = 0; }, "neighbors", Level::kBad, ExitCode::kNoPeers,
     "no neighbor"},
    {"NobodyDialsUs", [](Facts& f) { f.node.inbound = 0; }, "neighbors", Level::kWarning, ExitCode::kDone,
     "nobody has dialled"},
};

class DoctorFault : public testing::TestWithParam<Fault> {};

TEST_P(DoctorFault, IsFoundAloneAndWithARemedy) {
  Facts facts = healthy();
  GetParam().make(facts);
  const Finding finding = complaint_in(facts);
  EXPECT_EQ(finding.check, GetParam().check);
  EXPECT_EQ(finding.level, GetParam().level);
  EXPECT_EQ(finding.code, GetParam().code);
  EXPECT_THAT(finding.what, HasSubstr(GetParam().says));
  EXPECT_THAT(finding.remedy, Not(IsEmpty()));
  EXPECT_EQ(exit_code_of(judge(facts)), GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(All, DoctorFault, testing::ValuesIn(kFaults),
                         [](const auto& fault) { return std::string(fault.param.name); });

TEST(Doctor, AKilledNodesSocketIsNoFault) {
  Facts facts = healthy();
  facts.node = {false, true, false, {}, 0};
  EXPECT_EQ(exit_code_of(judge(facts)), ExitCode::kDone);
  bool said = false;
  for (const Finding& finding : judge(facts)) said = said || finding.what.find("left its socket") != std::string::npos;
  EXPECT_TRUE(said);
}

}  // namespace
}  // namespace earshot::cli
