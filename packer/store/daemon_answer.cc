#include "packer/store/daemon_answer.h"

#include <rapidjson/document.h>

#include "packer/error.h"
#include "packer/hash.h"
#include "packer/registry/error_body.h"

namespace kontext {
namespace {

using rapidjson::Value;

constexpr size_t kMaxLine = size_t{1} << 20;

const Value* Member(const Value& object, const char* key) {
  if (!object.IsObject()) return nullptr;
  auto member = object.FindMember(key);
  return member == object.MemberEnd() ? nullptr : &member->value;
}

std::string Text(const Value* value) {
  if (value == nullptr || !value->IsString()) return {};
  return {value->GetString(), value->GetStringLength()};
}

rapidjson::Document Parse(std::string_view json) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  return document;
}

}  // namespace

void LoadAnswer::Feed(std::string_view bytes) {
  for (char c : bytes) {
    if (c == '\n') {
      TakeLine();
    } else if (line_.size() < kMaxLine) {
      line_ += c;
    } else {
      too_long_ = true;
    }
  }
}

void LoadAnswer::Finish() { TakeLine(); }

void LoadAnswer::TakeLine() {
  rapidjson::Document message = Parse(line_);
  line_.clear();
  bool whole = !too_long_;
  too_long_ = false;
  if (!whole || message.HasParseError() || !error_.empty()) return;
  error_ = QuoteLine(Text(Member(message, "error")));
  const Value* detail = Member(message, "errorDetail");
  if (detail == nullptr || !error_.empty()) return;
  error_ = QuoteLine(Text(Member(*detail, "message")));
  if (error_.empty()) error_ = "it gives no reason";
}

std::string DaemonMessage(std::string_view body) {
  rapidjson::Document document = Parse(body);
  std::string message;
  if (!document.HasParseError()) message = Text(Member(document, "message"));
  return QuoteLine(message.empty() ? body : std::string_view(message));
}

DaemonImage ReadDaemonImage(std::string_view json) {
  rapidjson::Document document = Parse(json);
  if (document.HasParseError() || !document.IsObject()) {
    throw Error(ErrorKind::kFormat, "the daemon's answer is not JSON");
  }
  DaemonImage image;
  image.id = Text(Member(document, "Id"));
  (void)DigestFrom(image.id);
  image.config.platform = {Text(Member(document, "Os")), Text(Member(document, "Architecture")),
                           Text(Member(document, "Variant"))};
  const Value* config = Member(document, "Config");
  const Value* labels = config == nullptr ? nullptr : Member(*config, "Labels");
  if (labels != nullptr && labels->IsObject()) {
    for (const auto& label : labels->GetObject()) {
      image.config.labels[Text(&label.name)] = Text(&label.value);
    }
  }
  const Value* root = Member(document, "RootFS");
  const Value* layers = root == nullptr ? nullptr : Member(*root, "Layers");
  if (layers != nullptr && layers->IsArray()) {
    for (const Value& layer : layers->GetArray()) image.config.diff_ids.push_back(Text(&layer));
  }
  return image;
}

}  // namespace kontext
