#include "packer/image/json_text.h"

namespace kontext {

bool HasLoneSurrogate(std::string_view json) {
  constexpr size_t kPair = 12;  // \ud83d\ude00: that its second half is there, RapidJSON checks
  for (size_t at = json.find('\\'); at != json.npos; at = json.find('\\', at)) {
    std::string_view escape = json.substr(at, 4);
    bool surrogate = escape.size() == 4 && escape[1] == 'u' && (escape[2] | 0x20) == 'd';
    constexpr std::string_view kFirst = "89abAB";
    constexpr std::string_view kSecond = "cdefCDEF";
    if (surrogate && kSecond.find(escape[3]) != kSecond.npos) return true;
    at += surrogate && kFirst.find(escape[3]) != kFirst.npos ? kPair : 2;
  }
  return false;
}

}  // namespace kontext
