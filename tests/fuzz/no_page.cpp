// What stands for the page and its connections where only the reading of bytes is tried: nothing.
#include "tools/node/api.h"
#include "tools/node/page.h"

namespace earshot::node {

const PageFile* page_file(std::string_view) { return nullptr; }

void Channel::socket(Serve) {}

}  // namespace earshot::node
