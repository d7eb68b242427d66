// Asking the routing table by connecting a datagram socket.
#include "tools/node/own_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace earshot::node {

namespace {

// TEST-NET-1 (RFC 5737): routed like any foreign address, and nobody's.
constexpr const char* kElsewhere = "192.0.2.1";

std::string outward_address() {
  const std::string loopback = "127.0.0.1";
  const int descriptor = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return loopback;
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_port = htons(9);
  ::inet_pton(AF_INET, kElsewhere, &there.sin_addr);
  sockaddr_in here{};
  socklen_t size = sizeof(here);
  const bool known = ::connect(descriptor, reinterpret_cast<const sockaddr*>(&there), sizeof(there)) == 0 &&
                     ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&here), &size) == 0;
  ::close(descriptor);
  char text[INET_ADDRSTRLEN] = {};
  if (!known || here.sin_addr.s_addr == 0 || !::inet_ntop(AF_INET, &here.sin_addr, text, sizeof(text))) return loopback;
  return text;
}

}  // namespace

Contact for_people(Contact contact) {
  if (!contact.endpoint.is_unspecified()) return contact;
  const auto seen = endpoint_from(outward_address() + ":" + std::to_string(contact.endpoint.port));
  if (seen) contact.endpoint = *seen;
  return contact;
}

}  // namespace earshot::node
