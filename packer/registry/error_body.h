// What a registry's refusal says (distribution specification 1.1, "Error Codes").
#pragma once

#include <string>
#include <string_view>

#include "packer/registry/transport.h"

namespace kontext {

struct RegistryError {
  std::string code;     // "BLOB_UNKNOWN"; empty when the body is no error list
  std::string message;  // one line, at most 200 bytes, no control characters; may be empty
};

// The first error of {"errors":[{"code":…,"message":…}]}; else the text itself as the message,
// unless it is HTML.
RegistryError ParseErrorBody(std::string_view body);

// One line of UTF-8, at most 200 bytes, without control characters, of a text from outside. Blanks
// and control characters in a row become one space, a byte that is no UTF-8 becomes U+FFFD.
std::string QuoteLine(std::string_view text);

// "503 Service Unavailable: <message>".
std::string DescribeAnswer(const Response& answer);

}  // namespace kontext
