#include "transport/egress_checker.h"

#include <utility>

namespace ackd {
namespace {

EgressFinding::Lookup lookup_of(NameAnswer::Kind kind) {
  switch (kind) {
    case NameAnswer::Kind::kFound: return EgressFinding::Lookup::kFound;
    case NameAnswer::Kind::kNotFound: return EgressFinding::Lookup::kNotFound;
    case NameAnswer::Kind::kFailed: break;
  }
  return EgressFinding::Lookup::kFailed;
}

const EgressRules* rules_of(const EgressQuestion& question) {
  return question.settings ? &question.settings->rules : nullptr;
}

}  // namespace

Result<std::unique_ptr<EgressChecker>> EgressChecker::create(UvLoop& loop, const ResolverOptions& names,
                                                             const EgressPolicy& policy, const EgressMeans& means) {
  std::unique_ptr<EgressChecker> checker(new EgressChecker(loop, policy, means));
  Result<std::unique_ptr<Resolver>> resolver = Resolver::create(
      loop, names,
      [self = checker.get()](const std::string& host, const NameAnswer& answer) { self->on_name(host, answer); });
  if (!resolver) return resolver.error();
  checker->resolver_ = *std::move(resolver);
  return checker;
}

void EgressChecker::start(Ticket ticket, EgressQuestion question) {
  EgressFinding finding;
  finding.ticket = ticket;
  const Status named = question.settings ? check_named(*question.settings, means_) : Done{};
  finding.verdict = named ? judge_target(policy_, rules_of(question), question.url.host, question.url.port)
                          : EgressVerdict{false, named.error().message};
  if (!finding.verdict.allowed) return finish(std::move(finding));
  if (const Result<IpAddress> literal = parse_ip(question.url.host)) {
    return finish(ticket, question, {NameAnswer::Kind::kFound, {*literal}, {}});
  }
  const std::string host = question.url.host;
  if (const NameAnswer* known = resolver_->ask(host)) return finish(ticket, question, *known);
  waiting_.emplace(ticket, std::move(question));
}

std::vector<EgressFinding> EgressChecker::take_findings() {
  return std::exchange(findings_, {});
}

void EgressChecker::on_name(const std::string& host, const NameAnswer& answer) {
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const bool asked = at->second.url.host == host;
    if (asked) finish(at->first, at->second, answer);
    at = asked ? waiting_.erase(at) : std::next(at);
  }
}

void EgressChecker::finish(Ticket ticket, const EgressQuestion& question, const NameAnswer& answer) {
  EgressFinding finding;
  finding.ticket = ticket;
  finding.lookup = lookup_of(answer.kind);
  finding.verdict.allowed = true;
  if (answer.kind != NameAnswer::Kind::kFound) finding.detail = answer.detail;
  for (const IpAddress& address : answer.addresses) {
    EgressVerdict verdict = judge_address(policy_, rules_of(question), address, question.url.port);
    if (!verdict.allowed && finding.verdict.allowed) finding.verdict = verdict;
    finding.addresses.push_back({address, std::move(verdict)});
  }
  finish(std::move(finding));
}

void EgressChecker::finish(EgressFinding finding) {
  findings_.push_back(std::move(finding));
  loop_.turn_again();
}

}  // namespace ackd
