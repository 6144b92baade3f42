#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace bailiff {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return request_error("n", "is odd");
  return n / 2;
}
Result<int> quarter(int n) {
  const int once = TRY(half(n));
  return TRY(half(once));
}
Result<void> check_even(int n) {
  (void)TRY(half(n));
  return {};
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> good = half(4);
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, 2);
  const Result<int> bad = half(3);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().key, "n");
  EXPECT_EQ(bad.error().fault, Fault::kRequest);
}

TEST(Result, TryUnwrapsOrReturnsTheFirstError) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_FALSE(quarter(6));
  EXPECT_FALSE(quarter(5));
  EXPECT_TRUE(check_even(2));
  EXPECT_EQ(check_even(1).error().message(), "is odd");
}

TEST(Result, CarriesWhatCanOnlyMove) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  const auto pass = [&]() -> Result<std::unique_ptr<int>> { return TRY(make()); };
  Result<std::unique_ptr<int>> got = pass();
  ASSERT_TRUE(got);
  const std::unique_ptr<int> taken = *std::move(got);
  EXPECT_EQ(*taken, 7);
}

TEST(Result, OfAnErrorTypeIsNotConfusedByIt) {  // a value that is itself convertible from nothing much
  const Result<std::string> text(std::string("just text"));
  EXPECT_TRUE(text);
}

TEST(Error, SaysTheCallAndTheReason) {
  errno = ENOENT;
  const Error error = errno_error("open /x");
  EXPECT_EQ(error.code, ENOENT);
  EXPECT_EQ(error.fault, Fault::kHost);
  EXPECT_EQ(error.message(), "open /x: No such file or directory");
  EXPECT_EQ(host_error("no luck").message(), "no luck");
  EXPECT_EQ(internal_error("oops").fault, Fault::kInternal);
}

}  // namespace
}  // namespace bailiff
