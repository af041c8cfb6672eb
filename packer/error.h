// The packer's one exception type.
#pragma once

#include <stdexcept>
#include <string>

namespace kontext {

enum class ErrorKind {
  kUsage,        // the call is wrong: bad option, malformed reference, bad argument
  kNotFound,     // a file, blob or manifest that must be there is not
  kIo,           // the local file system
  kChanged,      // a file kept changing while it was read
  kNetwork,      // no answer came
  kRegistry,     // an answer came, and it was a refusal
  kForbidden,    // the same, and it was a 403
  kMissingPart,  // a registry refused a manifest because it has not all that this names
  kFormat,       // bytes from outside do not hold together
};

// The message is one sentence for people that names its subject.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace kontext
