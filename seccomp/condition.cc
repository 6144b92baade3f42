#include "seccomp/condition.h"

#include <algorithm>
#include <utility>

#include "seccomp/expression.h"

namespace bailiff {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxValues = 64;  // of one condition; keeps every jump of a rule short

struct TestName {
  std::string_view key;
  Comparison test;
  bool list;  // takes an array of values
};

constexpr TestName kTests[] = {
    {"equals", Comparison::kOneOf, false},         {"one_of", Comparison::kOneOf, true},
    {"not_equals", Comparison::kNoneOf, false},    {"none_of", Comparison::kNoneOf, true},
    {"has_bits", Comparison::kHasBits, false},     {"has_any_bits", Comparison::kHasAnyBits, false},
    {"lacks_bits", Comparison::kLacksBits, false}, {"less_than", Comparison::kLessThan, false},
    {"at_most", Comparison::kAtMost, false},       {"greater_than", Comparison::kGreaterThan, false},
    {"at_least", Comparison::kAtLeast, false},
};

bool compares_values(Comparison test) { return test == Comparison::kOneOf || test == Comparison::kNoneOf; }
bool compares_bits(Comparison test) {
  return test == Comparison::kHasBits || test == Comparison::kHasAnyBits || test == Comparison::kLacksBits;
}

/// "CLONE_VM|CLONE_FS", or one digit.
Result<std::string> expression_in(const json& value, const Place& place) {
  if (const auto* text = value.get_ptr<const std::string*>()) return *text;
  if (value.is_number_integer()) return value.dump();
  return place.error("must be a constant's name");
}

/// One object of a `when`, for one call.
class ConditionReader {
 public:
  ConditionReader(Arch arch, const std::string& call, Place place)
      : arch_(arch), call_(call), place_(std::move(place)) {}

  Result<Condition> read(const json& object) {
    if (!object.is_object()) return place_.error("must be an object");
    TRY(find_argument_in(object));
    TRY(find_test_in(object));
    TRY(only_keys(object, {"arg", "mask", "wide", test_->key}, place_));

    if (const json* wide = member(object, "wide")) {
      if (!wide->is_boolean()) return place_.at("wide").error("must be true or false");
      condition_.wide = wide->get<bool>();
    }
    if (const json* mask = member(object, "mask")) {
      if (!compares_values(test_->test))
        return place_.at("mask").error("goes with equals, not_equals, one_of, none_of");
      const std::string text = TRY(expression_in(*mask, place_.at("mask")));
      condition_.mask = TRY(value_of(text, "mask"));
      condition_.text += " & " + text;
    }
    condition_.text.append(" ").append(test_->key);
    TRY(read_values(*member(object, test_->key)));
    return std::move(condition_);
  }

 private:
  Result<void> find_argument_in(const json& object) {
    const json* arg = member(object, "arg");
    if (arg == nullptr) return place_.error("\"arg\" is missing");
    std::string which;
    if (const auto* name = arg->get_ptr<const std::string*>()) {
      which = *name;
    } else if (arg->is_number_unsigned() && arg->get<unsigned long long>() <= 5) {
      which = std::to_string(arg->get<unsigned long long>());
    } else {
      return place_.at("arg").error("must be an argument's name or 0 to 5");
    }
    auto found = find_argument(call_, which);
    if (!found) return place_.at("arg").error(found.error().what);
    condition_.arg = found->index;
    pointer_ = found->kind == ArgumentKind::kPointer;
    condition_.text = which;
    return {};
  }

  Result<void> find_test_in(const json& object) {
    for (const TestName& test : kTests) {
      if (member(object, test.key) == nullptr) continue;
      if (test_ != nullptr) {
        return place_.error("has both " + std::string(test_->key) + " and " + std::string(test.key) +
                            "; write two conditions");
      }
      test_ = &test;
    }
    if (test_ == nullptr) return place_.error("tests nothing: equals, one_of, has_bits, … is missing");
    condition_.test = test_->test;
    return {};
  }

  Result<void> read_values(const json& value) {
    const std::string key(test_->key);
    const Place place = place_.at(key);
    if (!test_->list) return add_value(value, place);
    if (!value.is_array() || value.empty()) return place.error("must be a list of constants, not empty");
    if (value.size() > kMaxValues) return place.error("has more than 64 values");
    for (std::size_t i = 0; i < value.size(); ++i) TRY(add_value(value[i], place_.at(key, i)));
    return {};
  }

  Result<void> add_value(const json& value, const Place& place) {
    const std::string text = TRY(expression_in(value, place));
    condition_.text += " " + text;
    if (pointer_ || text == "NULL") return add_null(text, place);

    const std::uint64_t number = TRY(value_of(text, std::string(test_->key)));
    if (compares_bits(condition_.test) && number == 0) return place.error("names no bit");
    if ((number & condition_.mask) != number)
      return place.error(text + " has bits outside the mask: never equal");
    if (std::ranges::find(condition_.values, number) != condition_.values.end()) {
      return place.error(text + " is there twice");
    }
    condition_.values.push_back(number);
    return {};
  }

  /// Whether an address is given at all is in the register; what is stored there is not, and may change
  /// later.
  Result<void> add_null(const std::string& text, const Place& place) {
    if (!pointer_) return place.error("NULL is for addresses; " + condition_.text + " compares an integer");
    if (text != "NULL" || !compares_values(condition_.test) || condition_.mask != ~std::uint64_t{0}) {
      return place.error("an address in " + call_ +
                         ": a filter cannot read what it points to, and may only compare it with NULL");
    }
    condition_.wide = true;
    condition_.values = {0};
    return {};
  }

  Result<std::uint64_t> value_of(const std::string& text, const std::string& key) const {
    auto value = evaluate(arch_, text);
    if (!value) return place_.at(key).error(value.error().what);
    if (condition_.wide) return *value;
    // Negative constants and complements have ones above; only the lower half is compared.
    const std::uint64_t upper = *value >> 32;
    if (upper != 0 && upper != 0xffffffff) return place_.at(key).error(text + " needs \"wide\": true");
    return *value & 0xffffffff;
  }

  Arch arch_;
  const std::string& call_;
  Place place_;
  const TestName* test_ = nullptr;
  bool pointer_ = false;
  Condition condition_ = {};
};

}  // namespace

Result<Condition> read_condition(const json& object, Arch arch, const std::string& call, const Place& place) {
  return ConditionReader(arch, call, place).read(object);
}

}  // namespace bailiff
