// Base64 with padding (RFC 4648, section 4), for names that are not UTF-8.
#pragma once

#include <stddef.h>

#include <string_view>

namespace kontext {

// The four characters for one to three bytes.
void EncodeBase64Group(const char* in, size_t size, char out[4]);

// Decodes in place: returns the number of bytes, or SIZE_MAX if `text` is not the one canonical
// encoding of anything.
size_t DecodeBase64InPlace(char* text, size_t size);

}  // namespace kontext
