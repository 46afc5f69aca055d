// A value that a profile fixes, or leaves to a merchant's option or to a field of the notification:
//   charset: gbk
//   charset: {option: charset}
//   charset: {field: inputCharset, values: {"1": utf-8, "2": gbk}, otherwise: {option: charset}}
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/content.h"
#include "model/merchant.h"

namespace ackd {

struct Profile;

struct Choice {
  std::string literal;                        // when neither option nor field is named
  std::string option;                         // the merchant's choice
  std::string field;                          // the field's value
  std::map<std::string, std::string> values;  // what each value stands for; empty: for itself
  std::vector<Choice> otherwise;              // at most one, with `field`: used where that is empty or absent

  bool fixed() const { return option.empty() && field.empty(); }
};

Choice fixed_choice(std::string literal);

// Every value that the choice can come to, options of `profile` looked up.
std::vector<std::string> outcomes(const Choice& choice, const Profile& profile);

// Fails, naming the field or option, when its value stands for nothing.
Result<std::string> resolve(const Choice& choice, const Profile& profile, const Merchant& merchant,
                            const Fields& fields);

}  // namespace ackd
