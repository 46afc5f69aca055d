#include "sqlite_store.h"

namespace ackd {

TEST_CASE("the SQLite outbox keeps the contract") {
  conformance::check_outbox([] { return std::make_unique<TemporaryStore>(); });
}

}  // namespace ackd
