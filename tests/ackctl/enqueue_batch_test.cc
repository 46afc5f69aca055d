#include "ackctl/enqueue_batch.h"

#include <doctest/doctest.h>

#include <string>

namespace ackd {
namespace {

TEST_CASE("the first line says what the input is") {
  CHECK(form_of(R"({"a":1})") == InputForm::kLines);
  CHECK(form_of(R"(  {"a":{"b":["}","\"{",2]}} )") == InputForm::kLines);
  CHECK(form_of("{") == InputForm::kObject);
  CHECK(form_of(R"({"a":1,)") == InputForm::kObject);
  CHECK(form_of(R"({"a":{"b":1})") == InputForm::kObject);
  CHECK(form_of(R"({"a":"open)") == InputForm::kObject);
  CHECK(form_of(R"([{"a":1}])") == InputForm::kArray);
  CHECK(form_of(" [") == InputForm::kArray);
  CHECK(form_of("") == InputForm::kLines);
  CHECK(form_of("garbage") == InputForm::kLines);
}

TEST_CASE("an array is sent as it is, and then only what is left of it") {
  const std::string text = "\n[ {\"a\": \"],}\"},\n{\"b\":12.30},{} ]\n";
  EnqueueBatch batch(InputForm::kArray, text);
  REQUIRE(batch.open() == 3);
  CHECK(batch.body() == text);
  batch.keep({0, 1, 2});
  CHECK(batch.body() == text);
  batch.keep({0, 1});
  CHECK(batch.body() == "[{\"a\": \"],}\"},{\"b\":12.30}]");
  batch.keep({1});
  CHECK(batch.body() == "[{\"b\":12.30}]");
  CHECK(batch.number(0) == 2);
}

TEST_CASE("what is no array is not cut for ever") {
  for (const char* text : {"[", "[,,", "[}", "[]", "[{", "[\"", "[1]]", "[1}2,3"}) {
    CAPTURE(text);
    CHECK(EnqueueBatch(InputForm::kArray, text).open() <= 3);
  }
  CHECK(EnqueueBatch(InputForm::kArray, "[" + std::string(50'000, ',')).open() == EnqueueBatch::kArrayItemsMax + 1);
}

TEST_CASE("lines keep their numbers when some are done") {
  EnqueueBatch batch;
  batch.add_line(3, "{\"a\":1}");
  batch.add_line(7, "bad\r");
  batch.add_line(8, "{}");
  CHECK(batch.body() == "{\"a\":1}\nbad\r\n{}\n");
  batch.keep({1, 2});
  CHECK(batch.body() == "bad\r\n{}\n");
  CHECK(batch.number(0) == 7);
  batch.keep({});
  CHECK(batch.open() == 0);
  CHECK(batch.body().empty());
}

}  // namespace
}  // namespace ackd
