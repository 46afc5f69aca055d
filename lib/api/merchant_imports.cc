#include "api/merchant_imports.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/merchant_codec.h"
#include "text/json_reader.h"

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

Error no_such_import(std::string_view id) {
  return {
      ErrorCode::kNotFound,
      fmt::format("there is no import '{}': it was committed or dropped, a newer one was begun, ackd was restarted, "
                  "or nothing was heard of it for {}; begin it anew",
                  shortened(id), format_duration(kImportIdleMax)),
      {}};
}

// Says nothing of version, time and source, which are not the operator's to say.
bool says_the_same(const Merchant& a, const Merchant& b) {
  return a.url == b.url && a.hosts == b.hosts && a.contact == b.contact && a.options == b.options && a.keys == b.keys;
}

std::string name_text(const MerchantName& name) {
  return name.provider + "\n" + name.id;
}

}  // namespace

ApiResponse MerchantImports::open(EngineTime now) {
  import_ = Import();
  import_->id = fmt::format("{:016x}", rng_.next());
  import_->master = keys_.current().id;
  import_->directory_changes = merchants_.changes();
  import_->last_word = now;
  return respond(201, {{"id", import_->id}});
}

void MerchantImports::expire(EngineTime now) {
  if (import_ && now - import_->last_word > kImportIdleMax) import_.reset();
}

MerchantImports::Import* MerchantImports::find(std::string_view id, EngineTime now) {
  expire(now);
  if (!import_ || import_->id != id) return nullptr;
  import_->last_word = now;
  return &*import_;
}

ApiResponse MerchantImports::drop(std::string_view id, EngineTime now) {
  if (find(id, now) == nullptr) return respond(problem_of(no_such_import(id)));
  import_.reset();
  return respond(200, {{"dropped", true}});
}

ApiResponse MerchantImports::add_lines(std::string_view id, std::string text, EngineTime now) {
  const Secret body(std::move(text));  // wiped when it has been read: it holds keys
  if (find(id, now) == nullptr) return respond(problem_of(no_such_import(id)));
  if (body.reveal().size() > kImportBodyBytesMax) {
    return respond(problem_of({ErrorCode::kTooLarge,
                               fmt::format("the lines have {} bytes; the limit is {}: send them in parts",
                                           body.reveal().size(), kImportBodyBytesMax),
                               {}}));
  }
  Json errors = Json::array();
  for (std::string_view rest = body.reveal(); !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    ++import_->lines;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const Status added = add_line(line);
    if (added) continue;
    if (import_->refused++ == 0)
      import_->first_refusal = fmt::format("line {}: {}", import_->lines, added.error().message);
    if (errors.size() >= kImportErrorsNamed) continue;
    errors.push_back({{"line", import_->lines}, {"field", added.error().field}, {"detail", added.error().message}});
  }
  return respond(200, {{"lines", import_->lines}, {"errors", std::move(errors)}});
}

Status MerchantImports::add_line(std::string_view line) {
  Result<JsonValue> json = read_json(line);
  if (!json) return json.error();
  Result<MerchantDraft> draft = read_merchant_draft(*json, NamedBy::kMembers);
  if (!draft) return draft.error();
  const Merchant* present = merchants_.find(draft->name.provider, draft->name.id);
  if (present != nullptr && present->source == MerchantSource::kConfiguration) {
    return invalid("this merchant is in the configuration file, and is changed there", "id");
  }
  if (draft->version && *draft->version != (present == nullptr ? 0 : present->version)) {
    return invalid(fmt::format("the merchant has version {} now", present == nullptr ? 0 : present->version),
                   "version");
  }
  if (import_->names.size() >= kImportMerchantsMax) {
    return Error{ErrorCode::kTooLarge, fmt::format("an import holds at most {} merchants", kImportMerchantsMax), {}};
  }
  if (!import_->names.insert(name_text(draft->name)).second) {
    return invalid("this merchant has a line already", "id");
  }
  Result<Merchant> merchant = merchant_of(*std::move(draft), there_);
  if (!merchant) return merchant.error();
  stage(*std::move(merchant));
  return Done{};
}

void MerchantImports::stage(Merchant merchant) {
  const Merchant* present = merchants_.find(merchant.provider, merchant.id);
  import_->seen.push_back({{merchant.provider, merchant.id}, present == nullptr ? 0 : present->version});
  if (present != nullptr && says_the_same(*present, merchant)) {
    ++import_->counts.unchanged;
    return;
  }
  ++(present == nullptr ? import_->counts.added : import_->counts.changed);
  const KeyOwner owner{merchant.provider, merchant.id};
  import_->put.import.merchants.push_back(record_of(merchant, seal_keys(keys_, owner, merchant.keys, rng_)));
  import_->put.merchants.push_back(std::move(merchant));
}

Status MerchantImports::check_unchanged(const Import& import) const {
  if (import.master != keys_.current().id) {
    return Error{ErrorCode::kConflict, "the master key was rotated while lines came in; begin the import anew", {}};
  }
  if (import.directory_changes == merchants_.changes()) return Done{};
  for (const Seen& seen : import.seen) {
    const Merchant* present = merchants_.find(seen.name.provider, seen.name.id);
    const std::uint32_t version = present == nullptr ? 0 : present->version;
    if (version == seen.version) continue;
    return Error{ErrorCode::kConflict,
                 fmt::format("merchant {}/{} was changed after its line was read; begin the import anew",
                             seen.name.provider, seen.name.id),
                 {}};
  }
  return Done{};
}

Result<MerchantImports::Ready> MerchantImports::take(std::string_view id, EngineTime now) {
  Import* import = find(id, now);
  if (import == nullptr) return no_such_import(id);
  if (import->refused > 0) {
    return Error{ErrorCode::kConflict,
                 fmt::format("{} lines were refused, so nothing is imported; the first, {}", import->refused,
                             import->first_refusal),
                 {}};
  }
  if (const Status unchanged = check_unchanged(*import); !unchanged) return unchanged.error();
  Ready ready{std::move(import->put), import->counts};
  import_.reset();
  return ready;
}

}  // namespace ackd
