#include "policy/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policy/excerpt.h"

namespace ackd {
namespace {

constexpr std::size_t kDetailBytesMax = 300;

// How much of what arrived may decide that this is the acknowledgement.
enum class Trusted {
  kNothing,
  kHeaders,  // only a rule that the status alone decides, and only after the blank line
  kPrefix,   // that, and a text that may be found before the cut
  kMessage,  // the answer is whole: the rule decides, and a mismatch is a rejection with its own reason
};

struct Row {
  TransferEnd end;
  Trusted trusted;
  OutcomeClass outcome;  // when nothing trusted acknowledges
  bool hold;
  const char* sentence;
};

// In the order of TransferEnd. A row says "unknown" only where the request may have been acted upon.
constexpr std::array<Row, kTransferEndCount> kRows{{
    {TransferEnd::kComplete, Trusted::kMessage, OutcomeClass::kRejected, false, ""},
    {TransferEnd::kBodyCap, Trusted::kPrefix, OutcomeClass::kRejected, false,
     "the answer's body is longer than the cap, so it cannot be the acknowledgement"},
    {TransferEnd::kHeaderCap, Trusted::kNothing, OutcomeClass::kRejected, false,
     "the answer's headers are larger than any honest server sends"},
    {TransferEnd::kNameNotFound, Trusted::kNothing, OutcomeClass::kUnreachable, false,
     "the host's name does not exist or has no address"},
    {TransferEnd::kConnectRefused, Trusted::kNothing, OutcomeClass::kUnreachable, false, "the connection was refused"},
    {TransferEnd::kConnectTimeout, Trusted::kNothing, OutcomeClass::kUnreachable, false,
     "no connection within the connect timeout"},
    {TransferEnd::kHostUnreachable, Trusted::kNothing, OutcomeClass::kUnreachable, false,
     "the network reports that the host cannot be reached"},
    {TransferEnd::kTlsFailed, Trusted::kNothing, OutcomeClass::kUnreachable, false,
     "TLS failed before the request was sent"},
    {TransferEnd::kTimeout, Trusted::kHeaders, OutcomeClass::kUnknown, false,
     "no complete answer within the total timeout; the request may have arrived"},
    {TransferEnd::kBroken, Trusted::kHeaders, OutcomeClass::kUnknown, false,
     "the connection broke before the answer was complete; the request may have arrived"},
    {TransferEnd::kBadHttp, Trusted::kNothing, OutcomeClass::kRejected, false,
     "the answer is not HTTP that can be trusted"},
    {TransferEnd::kAborted, Trusted::kNothing, OutcomeClass::kUnknown, false,
     "given up while shutting down; the request may have arrived"},
    {TransferEnd::kEgressRefused, Trusted::kNothing, OutcomeClass::kNotSent, true, "the egress policy forbids it"},
    {TransferEnd::kResolverFailed, Trusted::kNothing, OutcomeClass::kNotSent, false,
     "our name server did not answer; check /etc/resolv.conf and the resolver"},
    {TransferEnd::kNoRoute, Trusted::kNothing, OutcomeClass::kNotSent, false,
     "this machine has no route to the address; check its network"},
    {TransferEnd::kOutOfResources, Trusted::kNothing, OutcomeClass::kNotSent, false,
     "this machine is out of descriptors, ports or memory; check its limits"},
    {TransferEnd::kProxyFailed, Trusted::kNothing, OutcomeClass::kNotSent, false,
     "the configured proxy failed; check it"},
    {TransferEnd::kRequestInvalid, Trusted::kNothing, OutcomeClass::kNotSent, true, "the request cannot be sent"},
}};

constexpr bool rows_are_in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].end) != i) return false;
  }
  return true;
}
static_assert(rows_are_in_order(), "every TransferEnd has its row, at its own place");

const Row& row_of(TransferEnd end) {
  return kRows.at(static_cast<std::size_t>(end));
}

bool may_decide(Trusted trusted, const Transfer& transfer, const AckRule& rule) {
  switch (trusted) {
    case Trusted::kNothing: return false;
    case Trusted::kHeaders: return transfer.headers_complete && decided_by_status(rule);
    case Trusted::kPrefix: return decided_by_status(rule) || may_match_inside_cap(rule);
    case Trusted::kMessage: break;
  }
  return true;
}

// The row's sentence, then what the transport said, then what had arrived until then. The transport's words may quote
// the receiver (a certificate's name, a header), so they are shown as an excerpt where they are not plain.
std::string reason_for(const Row& row, const Transfer& transfer) {
  std::string reason = row.sentence;
  if (!transfer.detail.empty()) reason += ": " + excerpt(transfer.detail, kDetailBytesMax);
  if (row.outcome == OutcomeClass::kUnknown && transfer.status != 0) {
    reason += fmt::format(" (status {} had arrived{})", transfer.status,
                          transfer.headers_complete ? ", with complete headers" : "");
  }
  return reason;
}

}  // namespace

Outcome judge(const Transfer& transfer, const AckRule& rule) {
  const Row& row = row_of(transfer.end);
  if (may_decide(row.trusted, transfer, rule)) {
    AckVerdict verdict = judge_answer(rule, transfer.status, transfer.body, transfer.content_type);
    if (verdict.acknowledged) return {OutcomeClass::kAcknowledged, std::move(verdict.reason), false};
    if (row.trusted == Trusted::kMessage) return {row.outcome, std::move(verdict.reason), false};
  }
  return {row.outcome, reason_for(row, transfer), row.hold};
}

bool is_ours(TransferEnd end) {
  return row_of(end).outcome == OutcomeClass::kNotSent;
}

Contact contact_of(const Transfer& transfer) {
  switch (transfer.end) {
    case TransferEnd::kComplete:
    case TransferEnd::kBodyCap:
    case TransferEnd::kHeaderCap:
    case TransferEnd::kBadHttp: return Contact::kReached;
    case TransferEnd::kTimeout:
    case TransferEnd::kBroken: return transfer.status == 0 ? Contact::kSaysNothing : Contact::kReached;
    case TransferEnd::kNameNotFound:
    case TransferEnd::kConnectRefused:
    case TransferEnd::kConnectTimeout:
    case TransferEnd::kHostUnreachable:
    case TransferEnd::kResolverFailed:
    case TransferEnd::kNoRoute:
    case TransferEnd::kProxyFailed: return Contact::kFailed;
    case TransferEnd::kTlsFailed:
    case TransferEnd::kAborted:
    case TransferEnd::kEgressRefused:
    case TransferEnd::kOutOfResources:
    case TransferEnd::kRequestInvalid: break;
  }
  return Contact::kSaysNothing;
}

LaneFeedback feedback_of(const Transfer& transfer) {
  if (is_ours(transfer.end)) return LaneFeedback::kNone;
  switch (transfer.end) {
    case TransferEnd::kComplete:
    case TransferEnd::kBodyCap:
    case TransferEnd::kHeaderCap:
    case TransferEnd::kBadHttp:
      return transfer.status == 429 || transfer.status == 503 ? LaneFeedback::kBad : LaneFeedback::kGood;
    default: return LaneFeedback::kBad;
  }
}

}  // namespace ackd
