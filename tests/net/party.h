// One node's transport for tests, and a loop that turns several of them until something holds.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "overlay/net/transport.h"

namespace earshot::overlay::net {

inline Instant steady_now() {
  return Instant(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

struct Party {
  explicit Party(TransportOptions options = {}) : Party(Identity::ephemeral(), std::move(options)) {}

  Party(Identity own, TransportOptions options)
      : identity(std::move(own)), book(Contact{identity.key(), {}, 0}, SipKey{1, 2}) {
    if (options.listen.port == 0) options.listen = *endpoint_from("127.0.0.1:0");
    options.agent = "test";
    auto opened = Transport::open(identity, options, book, Random::stream(1, 2, 3));
    EARSHOT_CHECK(opened.has_value());
    transport = std::move(*opened);
  }

  Contact contact() const { return transport->self(); }
  PeerId knows(const Contact& other) { return book.intern(other, kNoPeer); }
  PeerId knows(const Party& other) { return knows(other.contact()); }

  void say(PeerId to, const std::string& words, Priority priority = Priority::kControl) {
    transport->send(steady_now(), to, Bytes(words.begin(), words.end()), priority);
  }

  void turn() { transport->run(steady_now(), 64, reports); }

  template <class T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const Report& report : reports) {
      if (const T* one = std::get_if<T>(&report)) found.push_back(*one);
    }
    return found;
  }

  std::vector<std::string> heard() const {
    std::vector<std::string> words;
    for (const Received& received : all<Received>()) words.emplace_back(received.frame.begin(), received.frame.end());
    return words;
  }

  Identity identity;
  AddressBook book;
  std::unique_ptr<Transport> transport;
  std::vector<Report> reports;
};

/// True when `holds` came true within `patience`.
inline bool turn_until(const std::vector<Party*>& parties, const std::function<bool()>& holds, Duration patience = 10s) {
  const Instant end = steady_now() + patience;
  while (!holds()) {
    if (steady_now() > end) return false;
    for (Party* party : parties) {
      party->turn();
      party->transport->wait(2ms);
    }
  }
  return true;
}

}  // namespace earshot::overlay::net
