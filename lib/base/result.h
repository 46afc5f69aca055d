// Result<T>: a value, or an Error that names what failed for an operator or a caller. Nothing in lib/ throws.
//
// Three kinds of trouble are never mixed: a bug is CHECK_THAT, the environment and bad input are a Result, and what a
// receiver answers is data (model/outcome.h).
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace ackd {

// Few on purpose: a code says what the caller can do, the message says what happened.
enum class ErrorCode {
  kInvalid,      // the input is wrong; sending it again changes nothing
  kTooLarge,     // over a limit that the message names
  kNotFound,     // no such notification, merchant, provider or file
  kConflict,     // contradicts what is already recorded, or the state forbids it
  kOverloaded,   // over a watermark of queued work; try again in a moment
  kUnavailable,  // not now: draining, busy; try again later
  kStorageFull,  // the disk is full; recovers by itself when space returns
  kIo,           // the operating system or a file failed
  kCorrupt,      // a file is not what it should be; fail-stop
};

// The code's stable name, as the API and the logs show it ("invalid", "too_large", ...).
const char* name_of(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::string message;  // a sentence: what, where, which limit, what to do
  std::string field;    // the input field at fault, or empty
};

// REQUIRES: value() only when ok(), error() only when !ok().
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return content_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return checked(); }
  const T& value() const& { return const_cast<Result*>(this)->checked(); }
  T&& value() && { return std::move(checked()); }
  T& operator*() & { return checked(); }
  const T& operator*() const& { return const_cast<Result*>(this)->checked(); }
  T&& operator*() && { return std::move(checked()); }
  T* operator->() { return &checked(); }
  const T* operator->() const { return &const_cast<Result*>(this)->checked(); }

  const Error& error() const {
    CHECK_THAT(!ok(), "error() of a Result that holds a value");
    return std::get<1>(content_);
  }

 private:
  T& checked() {
    CHECK_THAT(ok(), "value() of a Result that holds an error");
    return std::get<0>(content_);
  }

  std::variant<T, Error> content_;
};

// Result without a value.
struct Done {};
using Status = Result<Done>;

inline Error invalid(std::string message, std::string field = {}) {
  return {ErrorCode::kInvalid, std::move(message), std::move(field)};
}

}  // namespace ackd
