// The flag that a signal sets.
#include "tools/cli/interrupt.h"

#include <csignal>

namespace earshot::cli {

namespace {

volatile std::sig_atomic_t interrupt_flag = 0;

extern "C" void note_interrupt(int) {
  interrupt_flag = 1;
}

}  // namespace

void watch_interrupts() {
  struct sigaction action {};
  action.sa_handler = note_interrupt;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() {
  return interrupt_flag != 0;
}

}  // namespace earshot::cli
