// A directory for tests: remembers every contact, first come, and counts how often it was told one.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "overlay/directory.h"

namespace earshot::overlay {

class SmallDirectory final : public Directory {
 public:
  std::optional<Contact> contact_of(PeerId peer) const override {
    if (to_number(peer) >= contacts_.size()) return std::nullopt;
    return contacts_[to_number(peer)];
  }

  PeerId intern(const Contact& contact, PeerId) override {
    ++told;
    const auto [place, is_new] = ids_.try_emplace(contact.key, PeerId{static_cast<std::uint32_t>(contacts_.size())});
    if (is_new) contacts_.push_back(contact);
    return place->second;
  }

  std::size_t told = 0;

 private:
  std::vector<Contact> contacts_;
  std::map<NodeKey, PeerId> ids_;
};

/// A contact that can be dialled, different for every number.
inline Contact contact_number(std::uint32_t number) {
  Contact contact;
  for (std::size_t i = 0; i < 4; ++i) contact.key.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  contact.key.bytes[31] = 1;
  contact.endpoint = *endpoint_from("10.0.0.1:4040");
  contact.endpoint.address[15] = static_cast<std::uint8_t>(number);
  contact.stream_port = 4041;
  return contact;
}

}  // namespace earshot::overlay
