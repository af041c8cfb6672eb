#include "packer/registry/json_edit.h"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <optional>

#include "packer/error.h"
#include "packer/registry/text.h"

namespace kontext {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
// Some editors begin a file with it; RapidJSON reads over it.
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

struct Span {
  size_t begin = 0;
  size_t end = 0;
};

struct Member {
  std::string name;
  size_t begin = 0;  // of its name
  Span value;
};

void Check(const std::string& json) {
  rapidjson::Document document;
  if (!ParseObject(json, &document)) throw Error(ErrorKind::kFormat, "it is not a JSON object");
}

// Walks over a text that is known to be JSON.
class Scanner {
 public:
  explicit Scanner(const std::string& text) : text_(text) {}

  // Where the object that is all of the text begins.
  size_t Root() const {
    return SkipBlanks(text_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
  }

  size_t SkipBlanks(size_t at) const {
    return std::min(text_.find_first_not_of(kBlanks, at), text_.size());
  }

  // The end of the value that begins at `at`.
  size_t ValueEnd(size_t at) const {
    size_t depth = 0;
    while (at < text_.size()) {
      char c = text_[at];
      if (c == '"') {
        at = StringEnd(at);
      } else if (c == '{' || c == '[') {
        ++depth, ++at;
      } else if (c == '}' || c == ']') {
        --depth, ++at;
      } else {
        at = depth == 0 ? std::min(text_.find_first_of(",]} \t\r\n", at), text_.size()) : at + 1;
      }
      if (depth == 0) return at;
    }
    return at;
  }

  // The members of the object that begins at `at`.
  std::vector<Member> Members(size_t at) const {
    std::vector<Member> members;
    at = SkipBlanks(at + 1);
    while (at < text_.size() && text_[at] == '"') {
      Member& member = members.emplace_back();
      member.begin = at;
      size_t end = StringEnd(at);
      member.name = Unescape(text_.substr(at, end - at));
      member.value.begin = SkipBlanks(SkipBlanks(end) + 1);  // the colon
      member.value.end = ValueEnd(member.value.begin);
      at = SkipBlanks(member.value.end);
      if (at < text_.size() && text_[at] == ',') at = SkipBlanks(at + 1);
    }
    return members;
  }

 private:
  size_t StringEnd(size_t at) const {
    for (++at; at < text_.size() && text_[at] != '"'; ++at) {
      if (text_[at] == '\\') ++at;
    }
    return std::min(at + 1, text_.size());
  }

  static std::string Unescape(const std::string& quoted) {
    rapidjson::Document document;
    document.Parse(quoted.data(), quoted.size());
    if (!document.IsString()) return {};
    return {document.GetString(), document.GetStringLength()};
  }

  const std::string& text_;
};

// Go's reader, which is Docker's, takes the last of several members of one name.
std::optional<size_t> Find(const std::vector<Member>& members, const std::string& name) {
  for (size_t i = members.size(); i-- > 0;) {
    if (members[i].name == name) return i;
  }
  return std::nullopt;
}

std::string Quote(const std::string& text) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> writer(out);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return {out.GetString(), out.GetSize()};
}

// {"b":{"c":value}} for what is missing below a member.
std::string Nest(const JsonPath& path, size_t depth, const std::string& indent,
                 const std::string& value) {
  if (depth == path.size()) return value;
  std::string inner = indent.empty() ? indent : indent + '\t';
  std::string colon = indent.empty() ? ":" : ": ";
  return "{" + inner + Quote(path[depth]) + colon + Nest(path, depth + 1, inner, value) + indent +
         "}";
}

// The blanks before a member, its line break included.
std::string IndentBefore(const std::string& json, size_t begin) {
  size_t before = json.find_last_not_of(kBlanks, begin - 1);
  return json.substr(before + 1, begin - before - 1);
}

std::string Insert(const std::string& json, size_t object, const std::vector<Member>& members,
                   const JsonPath& path, size_t depth, const std::string& value) {
  // An object without members, as Docker would write it.
  std::string indent = "\n" + std::string(depth + 1, '\t');
  size_t at = object + 1, rest = at;
  std::string before, after;
  if (members.empty()) {
    rest = json.find('}', object);
    after = "\n" + std::string(depth, '\t');
  } else {
    indent = IndentBefore(json, members.back().begin);
    at = rest = members.back().value.end;
    before = ",";
  }
  bool lines = indent.find('\n') != std::string::npos;
  std::string added =
      Quote(path[depth]) + (lines ? ": " : ":") + Nest(path, depth + 1, lines ? indent : "", value);
  return json.substr(0, at) + before + indent + added + after + json.substr(rest);
}

std::string Set(const std::string& json, size_t object, const JsonPath& path, size_t depth,
                const std::string& value) {
  std::vector<Member> members = Scanner(json).Members(object);
  std::optional<size_t> found = Find(members, path[depth]);
  if (!found) return Insert(json, object, members, path, depth, value);
  const Span& span = members[*found].value;
  bool last = depth + 1 == path.size();
  if (!last && json[span.begin] == '{') return Set(json, span.begin, path, depth + 1, value);
  std::string indent = IndentBefore(json, members[*found].begin);
  if (indent.find('\n') == std::string::npos) indent.clear();
  return json.substr(0, span.begin) + Nest(path, depth + 1, indent, value) + json.substr(span.end);
}

// Takes the comma before it along, or after it where it is the first.
std::string Cut(const std::string& json, const std::vector<Member>& members, size_t which) {
  size_t begin = members[which].begin, end = members[which].value.end;
  if (which > 0) {
    begin = members[which - 1].value.end;
  } else if (members.size() > 1) {
    end = members[1].begin;
  } else {
    begin = json.find_last_not_of(kBlanks, begin - 1) + 1;
    end = json.find_first_not_of(kBlanks, end);
  }
  return json.substr(0, begin) + json.substr(end);
}

}  // namespace

std::string SetMember(const std::string& json, const JsonPath& path, const std::string& value) {
  Check(json);
  return Set(json, Scanner(json).Root(), path, 0, value);
}

std::string RemoveMember(const std::string& json, const JsonPath& path) {
  Check(json);
  Scanner scanner(json);
  size_t object = scanner.Root();
  for (size_t depth = 0; depth < path.size(); ++depth) {
    std::vector<Member> members = scanner.Members(object);
    std::optional<size_t> found = Find(members, path[depth]);
    if (!found) return json;
    // Of several members of one name none may stay.
    if (depth + 1 == path.size()) return RemoveMember(Cut(json, members, *found), path);
    object = members[*found].value.begin;
    if (json[object] != '{') return json;
  }
  return json;
}

}  // namespace kontext
