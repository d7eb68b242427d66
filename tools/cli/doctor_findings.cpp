// The judgements, one function a check.
#include "tools/cli/doctor_findings.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/cli/render.h"

namespace earshot::cli {

namespace {

using Findings = std::vector<Finding>;

Finding good(std::string check, std::string what) {
  return {std::move(check), Level::kGood, std::move(what), "", ExitCode::kDone};
}

Finding note(std::string check, std::string what, std::string remedy) {
  return {std::move(check), Level::kNote, std::move(what), std::move(remedy), ExitCode::kDone};
}

Finding warning(std::string check, std::string what, std::string remedy) {
  return {std::move(check), Level::kWarning, std::move(what), std::move(remedy), ExitCode::kDone};
}

Finding bad(std::string check, ExitCode code, std::string what, std::string remedy) {
  return {std::move(check), Level::kBad, std::move(what), std::move(remedy), code};
}

void check_config(const Facts& facts, Findings& findings) {
  if (!facts.config_error.empty()) {
    findings.push_back(bad("config", ExitCode::kUsage, facts.config_error,
                           "mend the place that is named; 'earshot help config' lists every key"));
  } else {
    findings.push_back(good("config", facts.config_exists
                                          ? fmt::format("'{}' is understood", facts.config_file)
                                          : fmt::format("no '{}': the defaults hold", facts.config_file)));
  }
}

void check_user(const Facts& facts, Findings& findings) {
  if (!facts.runs_as_root) return;
  findings.push_back(warning("user", "this runs as root, and a node needs no right that only root has",
                             "run it as a user of its own, as earshot.service does"));
}

std::string wider_than_wanted(const PathFacts& path) {
  return fmt::format("the {} '{}' is open to others (mode {:04o})", path.what, path.path, path.mode);
}

void check_paths(const Facts& facts, Findings& findings) {
  const std::size_t before = findings.size();
  for (const PathFacts& path : facts.paths) {
    if (!path.exists) continue;
    if (!path.is_ours) {
      findings.push_back(bad(
          "permissions", ExitCode::kDenied, fmt::format("the {} '{}' belongs to another user", path.what, path.path),
          fmt::format("sudo chown -R \"$USER\" '{}', or use another folder with --datadir", path.path)));
    } else if (!path.is_writable) {
      findings.push_back(
          bad("permissions", ExitCode::kDisk, fmt::format("the {} '{}' cannot be written", path.what, path.path),
              fmt::format("chmod u+rwX '{}', and see whether the disk is mounted read-only", path.path)));
    } else if ((path.mode & 077) != 0) {
      findings.push_back(bad("permissions", ExitCode::kDenied, wider_than_wanted(path),
                             fmt::format("chmod {} '{}'{}", path.is_folder ? "700" : "600", path.path,
                                         path.what == "key" ? ", and think whether someone may have copied it" : "")));
    }
  }
  if (findings.size() == before) findings.push_back(good("permissions", "key, token and folders are closed to others"));
}

void check_socket_path(const Facts& facts, Findings& findings) {
  // sockaddr_un holds 108 bytes, the last of them zero.
  constexpr std::size_t kMaxSocketPath = 107;
  if (facts.socket_path_bytes > kMaxSocketPath) {
    findings.push_back(bad("runtime", ExitCode::kUsage,
                           fmt::format("the path of the socket has {} bytes, the system takes {}",
                                       facts.socket_path_bytes, kMaxSocketPath),
                           "use a shorter --datadir, or set XDG_RUNTIME_DIR"));
  } else if (!facts.has_runtime_dir) {
    findings.push_back(note("runtime", "XDG_RUNTIME_DIR is not set, so socket and token lie in the state folder",
                            "log in by a session that sets it (loginctl enable-linger for a user without one)"));
  } else {
    findings.push_back(good("runtime", "socket and token have their folder"));
  }
}

void check_disk(const Facts& facts, Findings& findings) {
  constexpr std::uint64_t kTooLittle = 64'000'000;  // the index writes segments of some 50 MB
  constexpr std::uint64_t kLittle = 1'000'000'000;  // 200 songs
  const std::string free =
      fmt::format("{} of {} are free where the data lie", byte_count(facts.free_bytes), byte_count(facts.total_bytes));
  if (facts.free_bytes < kTooLittle) {
    findings.push_back(bad("disk", ExitCode::kDisk, free, "make room, or move the data with --datadir"));
  } else if (facts.free_bytes < kLittle) {
    findings.push_back(warning("disk", free, "make room before fetching much"));
  } else {
    findings.push_back(good("disk", free));
  }
}

void check_descriptors(const Facts& facts, Findings& findings) {
  const std::string have = fmt::format("{} descriptors may be open, {} are wanted for node.links", facts.descriptors,
                                       facts.wanted_descriptors);
  if (facts.descriptors >= facts.wanted_descriptors) {
    findings.push_back(good("descriptors", have));
  } else if (facts.descriptors_hard >= facts.wanted_descriptors) {
    findings.push_back(
        warning("descriptors", have,
                fmt::format("ulimit -n {} before the start, or LimitNOFILE= in the unit", facts.wanted_descriptors)));
  } else {
    findings.push_back(
        warning("descriptors", have, "raise LimitNOFILE= (or /etc/security/limits.conf), or lower node.links"));
  }
}

void check_clock(const Facts& facts, Findings& findings) {
  constexpr std::int64_t kBuiltIn = 2026;
  if (facts.clock_year < kBuiltIn) {
    findings.push_back(bad("clock", ExitCode::kUsage,
                           fmt::format("the clock says {}, before this program was built", facts.clock_year),
                           "set the clock: sudo timedatectl set-ntp true"));
  } else if (!facts.clock_is_synchronised) {
    findings.push_back(note("clock", "the kernel does not know its clock to be right",
                            "sudo timedatectl set-ntp true (in a container the host's clock counts)"));
  } else {
    findings.push_back(good("clock", "the clock is synchronised"));
  }
}

void check_ports(const Facts& facts, Findings& findings) {
  if (facts.node.status) {
    const StatusLine& status = *facts.node.status;
    findings.push_back(
        good("ports", fmt::format("the node listens on {} (TCP), http://{}", status.endpoint, status.http)));
    return;
  }
  for (const PortFacts& port : facts.ports) {
    if (port.is_free) {
      findings.push_back(good("ports", fmt::format("{} is free", port.what)));
    } else {
      findings.push_back(
          bad("ports", ExitCode::kUsage, fmt::format("{} cannot be used: {}", port.what, port.why_not),
              fmt::format("see who has it (ss -lntup 'sport = :{}'), or choose another by {}", port.number, port.key)));
    }
  }
}

void check_shares(const Facts& facts, Findings& findings) {
  for (const PathFacts& share : facts.shares) {
    if (!share.exists) {
      findings.push_back(warning("shares", fmt::format("'{}' of share.folders is not there", share.path),
                                 "mount it, or take it out of the configuration"));
    } else if (!share.is_writable) {
      findings.push_back(warning("shares", fmt::format("'{}' of share.folders cannot be read", share.path),
                                 fmt::format("chmod -R u+rX '{}'", share.path)));
    }
  }
}

void check_index(const Facts& facts, Findings& findings) {
  if (!facts.index_error.empty()) {
    findings.push_back(
        bad("index", ExitCode::kDisk, "the index does not open: " + facts.index_error,
            "move the folder 'index' in the data folder aside and start again: it is rebuilt from what is shared"));
  } else if (facts.node.status && facts.node.status->index_paused) {
    findings.push_back(bad("index", ExitCode::kDisk,
                           "the index takes no changes: " + printable(facts.node.status->index_trouble),
                           "make room on the disk, or raise index.disk_mb; it goes on by itself"));
  } else if (facts.node.status && !facts.node.status->index_moved_aside.empty()) {
    findings.push_back(warning("index",
                               "a damaged index was moved to " + printable(facts.node.status->index_moved_aside),
                               "shared folders are scanned anew by themselves; 'earshot index restore' brings a backup "
                               "back; delete the old folder when nothing is missed"));
  } else if (facts.index_was_opened || facts.node.status) {
    findings.push_back(
        good("index", fmt::format("the index opens and holds {}", plural(facts.index_tracks, "track", "tracks"))));
  } else {
    findings.push_back(good("index", "there is no index yet: the first start makes it"));
  }
}

void check_node(const Facts& facts, Findings& findings) {
  const NodeFacts& node = facts.node;
  if (node.answers && node.status) {
    findings.push_back(
        good("node", fmt::format("a node runs here, for {} (earshot {}, role {})", clock_time(node.status->uptime_ms),
                                 node.status->version, node.status->role)));
  } else if (node.lock_is_held) {
    findings.push_back(bad("node", ExitCode::kNoNode,
                           "a process holds the data folder's lock, but no node answers on its socket",
                           "it starts, or hangs: wait, then see its log (earshot config paths), then end it (fuser -v "
                           "lock in the data folder)"));
  } else if (node.socket_exists) {
    findings.push_back(note("node", "no node runs here; one that was killed left its socket behind",
                            "nothing needs to be removed: earshot up replaces it"));
  } else {
    findings.push_back(note("node", "no node runs here", "earshot up"));
  }
}

void check_contacts(const Facts& facts, Findings& findings) {
  const bool has_neighbors = facts.node.status && facts.node.status->neighbors > 0;
  std::vector<std::string> silent;
  for (const ContactFacts& contact : facts.contacts) {
    if (!contact.answers) silent.push_back(contact.endpoint);
  }
  if (facts.contacts.empty() && facts.remembered_contacts == 0 && has_neighbors) {
    findings.push_back(note("contacts",
                            "the configuration names no node to join through; this run found its neighbors otherwise",
                            "add one to node.bootstrap for the day when all that are remembered have moved"));
  } else if (facts.contacts.empty() && facts.remembered_contacts == 0) {
    findings.push_back(
        warning("contacts", "no node is known to join through",
                "add one to node.bootstrap ('earshot status' on any node shows its contact); earshot demo needs none"));
  } else if (!silent.empty() && silent.size() == facts.contacts.size()) {
    findings.push_back(warning("contacts",
                               fmt::format("none of node.bootstrap takes a connection: {}", fmt::join(silent, ", ")),
                               "see whether this machine may dial out (TCP), and ask for a newer contact"));
  } else if (!silent.empty()) {
    findings.push_back(note("contacts",
                            fmt::format("{} of {} in node.bootstrap take no connection: {}", silent.size(),
                                        facts.contacts.size(), fmt::join(silent, ", ")),
                            "the others are enough; remove these when they stay away"));
  } else {
    findings.push_back(good("contacts", fmt::format("all {} of node.bootstrap answer, {} more are remembered",
                                                    facts.contacts.size(), facts.remembered_contacts)));
  }
}

void check_neighbors(const Facts& facts, Findings& findings) {
  if (!facts.node.status) return;
  const StatusLine& status = *facts.node.status;
  // A node that others can dial has been dialled by then.
  constexpr std::uint64_t kFoundByThenMs = 10 * 60 * 1000;
  if (status.neighbors == 0) {
    findings.push_back(bad("neighbors", ExitCode::kNoPeers, "the node has no neighbor: nobody can be asked",
                           "see 'contacts' above; a firewall must let this machine dial out"));
  } else if (facts.node.inbound == 0 && status.uptime_ms > kFoundByThenMs) {
    findings.push_back(warning(
        "neighbors",
        fmt::format("{}, but nobody has dialled this node", plural(status.neighbors, "neighbor", "neighbors")),
        fmt::format("open the port of {} (TCP) and UDP {} in the router and firewall: others cannot fetch from here",
                    status.endpoint, "stream.port")));
  } else {
    findings.push_back(good("neighbors", fmt::format("{}, {}, {} of them dialled by others",
                                                     plural(status.neighbors, "neighbor", "neighbors"),
                                                     plural(status.links, "link", "links"), facts.node.inbound)));
  }
  if (status.malformed > 0) {
    findings.push_back(note("neighbors",
                            fmt::format("{} messages of others were malformed and dropped", status.malformed),
                            "nothing to do: whoever sends many is banned for ten minutes"));
  }
}

void check_player(const Facts& facts, Findings& findings) {
  if (facts.players.empty()) {
    findings.push_back(note("player", "no player is installed", "sudo apt install mpv"));
  } else {
    findings.push_back(good("player", fmt::format("installed: {}", fmt::join(facts.players, ", "))));
  }
}

}  // namespace

std::string_view name_of(Level level) {
  switch (level) {
    case Level::kGood:
      return "good";
    case Level::kNote:
      return "note";
    case Level::kWarning:
      return "warning";
    case Level::kBad:
      return "bad";
  }
  return "";
}

std::vector<Finding> judge(const Facts& facts) {
  Findings findings;
  check_config(facts, findings);
  check_user(facts, findings);
  if (!facts.config_error.empty()) return findings;  // nothing else is known
  check_paths(facts, findings);
  check_socket_path(facts, findings);
  check_disk(facts, findings);
  check_descriptors(facts, findings);
  check_clock(facts, findings);
  check_node(facts, findings);
  check_ports(facts, findings);
  check_index(facts, findings);
  check_shares(facts, findings);
  check_contacts(facts, findings);
  check_neighbors(facts, findings);
  check_player(facts, findings);
  return findings;
}

ExitCode exit_code_of(const std::vector<Finding>& findings) {
  const auto worst =
      std::find_if(findings.begin(), findings.end(), [](const Finding& row) { return row.level == Level::kBad; });
  return worst == findings.end() ? ExitCode::kDone : worst->code;
}

}  // namespace earshot::cli
