// Being told to stop.
#pragma once

namespace kontext::extractor {

// Installs handlers for SIGTERM and SIGINT that only take note (as pid 1, a process without them
// would not stop at all), and ignores SIGPIPE.
void InstallSignalHandlers();

// The signal that asked to stop; 0: none did. Any thread may ask.
int StopSignal();

}  // namespace kontext::extractor
