#include "packer/registry/error_body.h"

#include <fmt/format.h>
#include <rapidjson/document.h>

#include <algorithm>

#include "common/index_writer.h"
#include "packer/registry/text.h"

namespace kontext {
namespace {

constexpr size_t kMaxBody = 64 * 1024;
constexpr size_t kMaxMessage = 200;

struct StatusText {
  int status;
  const char* text;
};

// RFC 9110, section 15, as far as registries and what stands before them go.
constexpr StatusText kStatusTexts[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

// The UTF-8 character that `text` begins with; empty when it begins with none.
std::string_view FirstCharacter(std::string_view text) {
  for (size_t size = 1; size <= 4 && size <= text.size(); ++size) {
    if (IsUtf8(text.substr(0, size))) return text.substr(0, size);
  }
  return {};
}

// Not blank, and nothing that a terminal obeys: ASCII's control characters and those of C1
// (U+0080 to U+009F), other line ends (U+2028, U+2029), marks that turn the direction of a text
// (U+202A to U+202E, U+2066 to U+2069).
bool IsShown(std::string_view character) {
  auto last = static_cast<unsigned char>(character.back());
  if (character.size() == 1) return last > ' ' && last != 0x7f;
  if (character.starts_with("\xc2")) return last >= 0xa0;
  if (character.starts_with("\xe2\x80")) return last < 0xa8 || last > 0xae;
  if (character.starts_with("\xe2\x81")) return last < 0xa6 || last > 0xa9;
  return true;
}

}  // namespace

std::string QuoteLine(std::string_view text) {
  constexpr std::string_view kNoCharacter = "\xef\xbf\xbd";  // U+FFFD
  std::string line;
  while (!text.empty() && line.size() <= kMaxMessage) {
    std::string_view character = FirstCharacter(text);
    if (character.empty()) {
      line += kNoCharacter;
    } else if (IsShown(character)) {
      line += character;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
    text.remove_prefix(std::max<size_t>(character.size(), 1));
  }
  if (line.size() > kMaxMessage) {
    constexpr std::string_view kCut = "…";
    size_t end = kMaxMessage - kCut.size();
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) --end;
    return line.substr(0, end).append(kCut);
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

RegistryError ParseErrorBody(std::string_view body) {
  body = body.substr(0, kMaxBody);
  rapidjson::Document document;
  bool is_list = ParseObject(body, &document) && document.HasMember("errors") &&
                 document["errors"].IsArray() && !document["errors"].Empty() &&
                 document["errors"][0].IsObject();
  if (is_list) {
    const rapidjson::Value& first = document["errors"][0];
    RegistryError error{QuoteLine(TextOf(first, "code")), QuoteLine(TextOf(first, "message"))};
    if (error.message.empty()) error.message = error.code;
    return error;
  }
  std::string line = QuoteLine(body);
  if (line.starts_with('<')) line.clear();  // HTML only repeats the status
  return {"", line};
}

std::string DescribeAnswer(const Response& answer) {
  std::string text = std::to_string(answer.status);
  auto known = std::find_if(std::begin(kStatusTexts), std::end(kStatusTexts),
                            [&](const StatusText& row) { return row.status == answer.status; });
  if (known != std::end(kStatusTexts)) text += fmt::format(" {}", known->text);
  std::string message = ParseErrorBody(answer.body).message;
  return message.empty() ? text : fmt::format("{}: {}", text, message);
}

}  // namespace kontext
