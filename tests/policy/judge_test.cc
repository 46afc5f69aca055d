#include "policy/judge.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

const AckRule kExactOk{.match = AckMatch::kExact, .place = {}, .text = "OK", .statuses = {}, .refusals = {}};
const AckRule kContainsOk{.match = AckMatch::kContains, .place = {}, .text = "OK", .statuses = {}, .refusals = {}};
const AckRule kAnySuccess{.match = AckMatch::kStatusOnly, .place = {}, .text = {}, .statuses = {}, .refusals = {}};

Transfer ended(TransferEnd end, int status = 0, std::string body = {}) {
  Transfer transfer;
  transfer.end = end;
  transfer.status = status;
  transfer.headers_complete = status != 0;
  transfer.body = std::move(body);
  return transfer;
}

struct Expected {
  TransferEnd end;
  OutcomeClass exact;     // an answer of 200 with "OK", under the rule "exactly OK"
  OutcomeClass contains;  // the same under "contains OK"
  OutcomeClass status;    // the same under "any 2xx"
  OutcomeClass nothing;   // no status and no body
  bool hold;
  Contact contact;         // what the answer of 200 says about the way to the host
  Contact without_answer;  // and what its absence does
};

constexpr Contact kYes = Contact::kReached;
constexpr Contact kNo = Contact::kFailed;
constexpr Contact kMute = Contact::kSaysNothing;
constexpr OutcomeClass kAck = OutcomeClass::kAcknowledged;
constexpr OutcomeClass kRej = OutcomeClass::kRejected;
constexpr OutcomeClass kUnk = OutcomeClass::kUnknown;
constexpr OutcomeClass kUnr = OutcomeClass::kUnreachable;
constexpr OutcomeClass kNot = OutcomeClass::kNotSent;

constexpr Expected kExpected[] = {
    {TransferEnd::kComplete, kAck, kAck, kAck, kRej, false, kYes, kYes},
    {TransferEnd::kBodyCap, kRej, kAck, kAck, kRej, false, kYes, kYes},
    {TransferEnd::kHeaderCap, kRej, kRej, kRej, kRej, false, kYes, kYes},
    {TransferEnd::kNameNotFound, kUnr, kUnr, kUnr, kUnr, false, kNo, kNo},
    {TransferEnd::kConnectRefused, kUnr, kUnr, kUnr, kUnr, false, kNo, kNo},
    {TransferEnd::kConnectTimeout, kUnr, kUnr, kUnr, kUnr, false, kNo, kNo},
    {TransferEnd::kHostUnreachable, kUnr, kUnr, kUnr, kUnr, false, kNo, kNo},
    {TransferEnd::kTlsFailed, kUnr, kUnr, kUnr, kUnr, false, kMute, kMute},
    {TransferEnd::kTimeout, kUnk, kUnk, kAck, kUnk, false, kYes, kMute},
    {TransferEnd::kBroken, kUnk, kUnk, kAck, kUnk, false, kYes, kMute},
    {TransferEnd::kBadHttp, kRej, kRej, kRej, kRej, false, kYes, kYes},
    {TransferEnd::kAborted, kUnk, kUnk, kUnk, kUnk, false, kMute, kMute},
    {TransferEnd::kEgressRefused, kNot, kNot, kNot, kNot, true, kMute, kMute},
    {TransferEnd::kResolverFailed, kNot, kNot, kNot, kNot, false, kNo, kNo},
    {TransferEnd::kNoRoute, kNot, kNot, kNot, kNot, false, kNo, kNo},
    {TransferEnd::kOutOfResources, kNot, kNot, kNot, kNot, false, kMute, kMute},
    {TransferEnd::kProxyFailed, kNot, kNot, kNot, kNot, false, kNo, kNo},
    {TransferEnd::kRequestInvalid, kNot, kNot, kNot, kNot, true, kMute, kMute},
};
static_assert(std::size(kExpected) == kTransferEndCount);

TEST_CASE("every end of a transfer is judged as the table says, under every kind of rule") {
  for (const Expected& row : kExpected) {
    CAPTURE(name_of(row.end));
    CHECK(judge(ended(row.end, 200, "OK"), kExactOk).outcome == row.exact);
    CHECK(judge(ended(row.end, 200, "OK"), kContainsOk).outcome == row.contains);
    CHECK(judge(ended(row.end, 200, "OK"), kAnySuccess).outcome == row.status);
    CHECK(contact_of(ended(row.end, 200, "OK")) == row.contact);
    CHECK(contact_of(ended(row.end)) == row.without_answer);
    for (const AckRule* rule : {&kExactOk, &kContainsOk, &kAnySuccess}) {
      const Outcome outcome = judge(ended(row.end), *rule);
      CHECK(outcome.outcome == row.nothing);
      CHECK(outcome.hold == row.hold);
      CHECK(!outcome.reason.empty());
    }
    CHECK(is_ours(row.end) == (row.nothing == OutcomeClass::kNotSent));
  }
}

TEST_CASE("a status that does not fit acknowledges nothing") {
  CHECK(judge(ended(TransferEnd::kComplete, 500, "OK"), kExactOk).outcome == OutcomeClass::kRejected);
  CHECK(judge(ended(TransferEnd::kComplete, 302), kAnySuccess).outcome == OutcomeClass::kRejected);
  CHECK(judge(ended(TransferEnd::kBodyCap, 500, "OK"), kContainsOk).outcome == OutcomeClass::kRejected);
  CHECK(judge(ended(TransferEnd::kBroken, 500), kAnySuccess).outcome == OutcomeClass::kUnknown);
}

TEST_CASE("a status whose headers were cut off decides nothing") {
  Transfer transfer = ended(TransferEnd::kTimeout, 200);
  transfer.headers_complete = false;
  CHECK(judge(transfer, kAnySuccess).outcome == OutcomeClass::kUnknown);
}

TEST_CASE("a body over the cap acknowledges only where the text lies inside the cap") {
  CHECK(judge(ended(TransferEnd::kBodyCap, 200, "xxOKxx"), kContainsOk).outcome == OutcomeClass::kAcknowledged);
  CHECK(judge(ended(TransferEnd::kBodyCap, 200, "xxxxxx"), kContainsOk).outcome == OutcomeClass::kRejected);
}

TEST_CASE("a reason says what happened, in the transport's words, and what had arrived") {
  Transfer transfer = ended(TransferEnd::kBroken, 200, "O");
  transfer.detail = "Recv failure: Connection reset by peer";
  CHECK(judge(transfer, kExactOk).reason ==
        "the connection broke before the answer was complete; the request may have arrived: Recv failure: Connection "
        "reset by peer (status 200 had arrived, with complete headers)");
}

TEST_CASE("a receiver's bytes in the transport's words cannot reach a terminal") {
  Transfer transfer = ended(TransferEnd::kTlsFailed);
  transfer.detail = "certificate of \x1b[31mevil\r\n' host";
  const std::string reason = judge(transfer, kExactOk).reason;
  CHECK(reason.find('\x1b') == std::string::npos);
  CHECK(reason.find('\n') == std::string::npos);
  CHECK(reason.find("host") != std::string::npos);
}

}  // namespace
}  // namespace ackd
