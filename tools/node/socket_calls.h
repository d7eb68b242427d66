// Many calls of the API over one connection: what the page's WebSocket carries. Texts in, texts out; no sockets here.
//
//   to the node    {"id":1,"method":"POST","path":"/api/v1/searches","body":{...}}     a call; GET has no body
//                  {"id":1,"cancel":true}                                              its reader goes away
//   from the node  {"id":1,"line":{...}}                                               any number of them
//                  {"id":1,"status":200,"end":true}  or with "line":{...} in it        the last of a call
//
// The ids are the page's own, each used once. A text that is none of these, or a call too many, ends the connection:
// our page sends no such thing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "tools/node/api.h"

namespace earshot::node {

/// receive() and gone() are called from one thread; `send` is called from any.
class SocketCalls {
 public:
  /// Open at once: a search, a few polls, what is being shared and fetched.
  static constexpr std::size_t kMaxOpen = 32;

  using Send = std::function<void(std::string text)>;

  SocketCalls(Serve serve, Send send) : serve_(std::move(serve)), send_(std::move(send)) {}

  /// False: the text breaks the rules, and the connection should end.
  [[nodiscard]] bool receive(std::string_view text);

  /// The page has gone away: so have the readers of all its calls.
  void gone();

 private:
  class Call;
  void forget_ended();

  Serve serve_;
  Send send_;
  std::map<std::uint64_t, std::shared_ptr<Call>> open_;
};

}  // namespace earshot::node
