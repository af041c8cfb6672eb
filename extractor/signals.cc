#include "extractor/signals.h"

#include <signal.h>

namespace kontext::extractor {
namespace {

// A handler has no context but globals.
volatile sig_atomic_t stop_signal = 0;

void TakeNote(int number) { stop_signal = number; }

void Handle(int number, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(number, &action, nullptr);
}

}  // namespace

void InstallSignalHandlers() {
  Handle(SIGTERM, TakeNote);
  Handle(SIGINT, TakeNote);
  Handle(SIGPIPE, SIG_IGN);
}

int StopSignal() { return stop_signal; }

}  // namespace kontext::extractor
