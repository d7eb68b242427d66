// Ctrl-C as a question: whoever waits asks now and then.
#pragma once

namespace earshot::cli {

/// From here on SIGINT and SIGTERM set a flag instead of ending the program, and writing to a closed pipe is an error
/// instead of a signal.
void watch_interrupts();

bool interrupted();

}  // namespace earshot::cli
