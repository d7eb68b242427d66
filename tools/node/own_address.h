// A node that listens on every address has none that a person could hand on: this finds the one that faces the network.
// Not for the protocol: neighbors see where we come from by themselves.
#pragma once

#include "schema/endpoint.h"

namespace earshot::node {

/// The contact with an address that others can dial, where it was "any": the source address that this machine would use
/// towards the internet (no packet is sent), else loopback.
Contact for_people(Contact contact);

}  // namespace earshot::node
