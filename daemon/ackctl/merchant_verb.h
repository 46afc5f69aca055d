// What the verbs about merchants share: how one merchant is named, and how merchants are shown.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "ackctl/client.h"
#include "ackctl/daemon_verb.h"
#include "ackctl/document.h"
#include "ackctl/terminal.h"
#include "ackctl/verb.h"

namespace ackd {

// A verb about the merchant PROVIDER MERCHANT.
class MerchantVerb : public DaemonVerb {
 public:
  explicit MerchantVerb(CLI::App* command);

 protected:
  // "/v1/merchants/PROVIDER/MERCHANT", as it may stand in a request.
  std::string path(Client& client) const;
  // "PROVIDER/MERCHANT", for sentences.
  std::string name() const { return provider_ + "/" + merchant_; }

 private:
  std::string provider_;
  std::string merchant_;
};

// The text of `merchant show`, every value made printable; ends with a line end.
std::string merchant_text(const Document& merchant, const Terminal& terminal);

// Prints the merchant: merchant_text() for people, its document for programs.
void print_merchant(const Document& merchant, const Session& session);

// "k2 (secret), k1 (secret, private key)" of the keys of a merchant or a provider.
std::string key_words(const Document& keys);
// "secret, private key" of one of them.
std::string part_words(const Document& key);

// Calls `on_rows` with the merchants of each page of the daemon's list. `filters` are query parameters; those with an
// empty value are left out.
Status each_page_of_merchants(Client& client, const std::vector<std::pair<std::string, std::string>>& filters,
                              const std::function<void(const Document& rows)>& on_rows);

void add_merchant_change_verbs(CLI::App& merchant, Verbs& verbs);  // add, set, rm, pause, resume
void add_merchant_import_verbs(CLI::App& merchant, Verbs& verbs);  // import, export

}  // namespace ackd
