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

namespace {

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value && *value;
}

bool wants_colour(ColourChoice choice) {
  if (choice != ColourChoice::kAuto) return choice == ColourChoice::kAlways;
  const char* term = std::getenv("TERM");
  return !is_set("NO_COLOR") && ::isatty(STDOUT_FILENO) == 1 && !(term && std::string_view(term) == "dumb");
}

// A line a second is what a log or a screen reader can bear.
constexpr std::chrono::seconds kPlainPeriod{1};

}  // namespace

Console::Console(bool json, ConsoleStyle style)
    : json_(json),
      progress_choice_(style.progress),
      redraws_(::isatty(STDERR_FILENO) == 1 && style.progress == ProgressChoice::kAuto) {
  colour_ = !json && wants_colour(style.colour) ? Colour::kOn : Colour::kOff;
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
  if (!redraws_ || (line.empty() && passing_ == 0)) return;
  std::string text = "\r" + std::string(passing_, ' ') + "\r";
  text += line;
  std::fwrite(text.data(), 1, text.size(), stderr);
  passing_ = cells(line);
}

void Console::progress(std::string_view object, std::string_view text) {
  if (progress_choice_ == ProgressChoice::kAuto) passing(text);
  if (progress_choice_ == ProgressChoice::kJson) note(object);
  if (progress_choice_ != ProgressChoice::kPlain || Clock::now() < next_plain_) return;
  next_plain_ = Clock::now() + kPlainPeriod;
  note(text);
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
