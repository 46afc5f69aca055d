// Answers "may a request go there?" as a transfer would be answered, with a resolver of its own: what it says is what
// the name servers say now, and a flood of questions cannot delay a notification.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/egress_checks.h"
#include "loop/uv_loop.h"
#include "transport/resolver.h"

namespace ackd {

class EgressChecker : public EgressChecks {
 public:
  static constexpr std::size_t kUnderWayMax = 32;

  // `policy` and `means` must outlive it.
  static Result<std::unique_ptr<EgressChecker>> create(UvLoop& loop, const ResolverOptions& names,
                                                       const EgressPolicy& policy, const EgressMeans& means);

  bool room() const override { return waiting_.size() < kUnderWayMax; }
  void start(Ticket ticket, EgressQuestion question) override;
  std::vector<EgressFinding> take_findings() override;

 private:
  EgressChecker(UvLoop& loop, const EgressPolicy& policy, const EgressMeans& means)
      : loop_(loop), policy_(policy), means_(means) {}

  void on_name(const std::string& host, const NameAnswer& answer);
  void finish(Ticket ticket, const EgressQuestion& question, const NameAnswer& answer);
  void finish(EgressFinding finding);

  UvLoop& loop_;
  const EgressPolicy& policy_;
  const EgressMeans& means_;
  std::unordered_map<Ticket, EgressQuestion> waiting_;
  std::vector<EgressFinding> findings_;
  std::unique_ptr<Resolver> resolver_;
};

}  // namespace ackd
