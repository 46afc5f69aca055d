// The options that name notifications by what they are: of `ls`, and of the verbs that change many at once.
#pragma once

#include <string>
#include <vector>

#include "ackctl/document.h"
#include "ackctl/list_pages.h"

namespace CLI {
class App;
}

namespace ackd {

// As given; the members are bound to options by declare_filter().
struct FilterOptions {
  std::string state;
  std::string provider;
  std::string merchant;
  std::string order;
  std::string type;
  std::string key;
  std::string host;
  std::vector<std::string> tags;  // name=value
  std::string since;
  std::string until;
};

// For options that narrow down what a verb is about: a script whose variable was empty must not mean everything.
std::string refuse_empty(const std::string& text);

// Everything but --order, which some verbs take beside ids.
void declare_filter(CLI::App& command, FilterOptions& options);

// As parameters of a list; those that were not given are left out.
ListPages::Filters parameters_of(const FilterOptions& options);

// The same as the filter of a job.
Document filter_document(const FilterOptions& options);

}  // namespace ackd
