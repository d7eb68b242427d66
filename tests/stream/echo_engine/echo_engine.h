// The smallest engine there can be: a content is what its id says, 32 octets. It shows that an engine is one folder and one line.
#pragma once

#include "stream/engines.h"

namespace earshot::stream::echo {

Result<std::unique_ptr<Engine>> open_engine(const EngineSettings& settings);

}  // namespace earshot::stream::echo
