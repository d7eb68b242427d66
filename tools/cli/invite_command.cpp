// `earshot invite` and `earshot join`: how one person brings another into the network, without a server.
#include <fmt/format.h>

#include "schema/endpoint.h"
#include "tools/cli/commands.h"
#include "tools/cli/replies.h"
#include "tools/cli/talk.h"

namespace earshot::cli {

ExitCode invite(const node::Config& config, Console& console) {
  const auto client = connect_to_node(config);
  if (!client) return no_node(client.error(), console);
  const Ending ending = call(**client, "GET", "/api/v1/status", "", [](const std::string&, std::string_view) {});
  if (ending.error) return console.failed(*ending.error);
  const StatusLine status = status_from(*ending.last);
  const std::string link = status.invitation.empty() ? status.self : status.invitation;
  console.data(console.json() ? invitation_line(link) : link);
  if (console.json()) return ExitCode::kDone;
  console.note("give it to somebody: earshot join " + link);
  const auto contact = contact_from(link);
  if (contact && contact->endpoint.is_loopback()) console.note("it leads to this machine only: set node.listen");
  return ExitCode::kDone;
}

ExitCode join(const Invocation& invocation, const node::Config& config, Console& console) {
  const auto client = connect_to_node(config);
  if (!client) return no_node(client.error(), console);
  for (const std::string& link : invocation.contents) {
    if (const auto contact = contact_from(link); !contact) return console.failed(contact.error());
  }
  const Ending ending = call(**client, "POST", "/api/v1/join", join_body(invocation.contents), [](const auto&, auto) {});
  if (ending.error) return console.failed(*ending.error);
  if (console.json()) console.data(*ending.last);
  else console.note("joining; who answered: earshot peers");
  return ExitCode::kDone;
}

}  // namespace earshot::cli
