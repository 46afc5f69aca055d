#include "profile/catalogue.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "shipped_profiles.h"
#include "temporary_folder.h"

namespace ackd {
namespace {

namespace fs = std::filesystem;

TEST_CASE("profiles load in the order of their names, and a local file wins over a shipped one") {
  const TemporaryFolder shipped;
  const TemporaryFolder local;
  shipped.write("small.yaml", kSmallProfile);
  shipped.write("other.yaml", small_profile_with("provider: small", "provider: other"));
  shipped.write("README.md", "not a profile");
  shipped.write(".hidden.yaml", "not: [a profile");
  local.write("small.yaml", small_profile_with("1m, 2m", "9m"));
  const auto loaded = load_profiles(shipped.path(), local.path());
  REQUIRE(loaded);
  REQUIRE(loaded->size() == 2);
  CHECK((*loaded)[0].profile.id == "other");
  CHECK((*loaded)[1].profile.schedule.delays == std::vector<Duration>{std::chrono::minutes(9)});
  CHECK((*loaded)[1].text == small_profile_with("1m, 2m", "9m"));
  CHECK(sha256((*loaded)[1].text) == (*loaded)[1].profile.hash);
}

TEST_CASE("one bad file fails the whole and is named") {
  const TemporaryFolder folder;
  folder.write("good.yaml", small_profile_with("provider: small", "provider: good"));
  folder.write("bad.yaml", "provider: [");
  const auto loaded = load_profiles(folder.path(), "");
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().message.find("bad.yaml:") != std::string::npos);
}

TEST_CASE("a file must be named after its provider, and a folder must hold profiles") {
  const TemporaryFolder folder;
  CHECK(load_profiles(folder.path(), "").error().code == ErrorCode::kNotFound);
  CHECK(load_profiles(folder.path() + "/none", "").error().code == ErrorCode::kIo);
  folder.write("other.yaml", kSmallProfile);
  CHECK(load_profiles(folder.path(), "").error().message.find("name it small.yaml") != std::string::npos);
  CHECK_FALSE(load_profiles(folder.path(), folder.path() + "/none"));
}

TEST_CASE("a file beyond the size limit is refused without being read whole") {
  const TemporaryFolder folder;
  folder.write("small.yaml", std::string(2 * kProfileBytesMax, '#'));
  const auto loaded = load_profiles(folder.path(), "");
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().code == ErrorCode::kTooLarge);
}

TEST_CASE("older revisions stay known and references stay valid while the catalogue grows") {
  ProfileCatalogue catalogue;
  const Profile profile = *parse_profile(kSmallProfile, "f");
  CHECK(catalogue.current("small") == nullptr);
  CHECK(catalogue.current_revision("small") == RevisionId{0});
  catalogue.set_current({1}, profile);
  const Profile* first = catalogue.find({1});
  catalogue.set_current({2}, profile);
  for (std::int64_t revision = 3; revision < 200; ++revision) catalogue.add_old({revision}, profile);
  CHECK(catalogue.find({1}) == first);
  CHECK(catalogue.current("small") == catalogue.find({2}));
  CHECK(catalogue.current_revision("small") == RevisionId{2});
  CHECK(catalogue.find({200}) == nullptr);
  CHECK(catalogue.all_current().size() == 1);
}

}  // namespace
}  // namespace ackd
