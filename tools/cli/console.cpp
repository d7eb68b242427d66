// stdout, stderr and their terminals.
#include "tools/cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tools/cli/interrupt.h"
#include "tools/cli/replies.h"

namespace earshot::cli {

Console::Console(bool json) : json_(json), terminal_(::isatty(STDERR_FILENO) == 1) {
  const char* no_colour = std::getenv("NO_COLOR");
  const bool wanted = !json && (!no_colour || !*no_colour) && ::isatty(STDOUT_FILENO) == 1;
  colour_ = wanted ? Colour::kOn : Colour::kOff;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) width_ = size.ws_col;
}

void Console::data(std::string_view line) {
  passing("");
  std::string bytes(line);
  bytes += '\n';
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) std::exit(static_cast<int>(errno == EPIPE ? ExitCode::kDone : ExitCode::kDisk));
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void Console::note(std::string_view line) {
  passing("");
  std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
}

void Console::passing(std::string_view line) {
  if (!terminal_ || (line.empty() && passing_ == 0)) return;
  std::string text = "\r" + std::string(passing_, ' ') + "\r";
  text += line;
  std::fwrite(text.data(), 1, text.size(), stderr);
  passing_ = cells(line);
}

ExitCode Console::failed(const Error& error) {
  return failed(error, exit_code_for(error.code));
}

ExitCode Console::failed(const Error& error, ExitCode code) {
  if (interrupted()) return ExitCode::kInterrupted;
  if (json_) data(error_line(error));
  note("earshot: " + printable(error.what));
  return code;
}

}  // namespace earshot::cli
