// SPDX-License-Identifier: Apache-2.0

#include <fmt/core.h>
#include <boost/json/array.hpp>

#include <algorithm>
#include <utility>

#include "core/base/json_text.h"
#include "core/base/printable.h"
#include "sim/inspect/subject.h"

namespace glovebox::inspect {
namespace {

namespace json = boost::json;

const json::array& list_in(const json::object& record, std::string_view name) {
    static const json::array none;
    const json::value* const list = record.if_contains(name);
    return list != nullptr && list->is_array() ? list->get_array() : none;
}

class ListReader final : public EventReader {
  public:
    explicit ListReader(const json::array& events) : events_(events) {}

    std::optional<std::vector<std::string>> next(std::size_t most) override {
        if (at_ == events_.size())
            return std::nullopt;
        std::vector<std::string> lines;
        for (; at_ < events_.size() && lines.size() < most; ++at_)
            lines.push_back(json_text(events_[at_]));
        return lines;
    }

  private:
    const json::array& events_;
    std::size_t at_ = 0;
};

class EndedRun final : public Subject {
  public:
    explicit EndedRun(json::object record) : record_(std::move(record)) {}

    [[nodiscard]] std::unique_ptr<EventReader> events() const override {
        return std::make_unique<ListReader>(list_in(record_, "events"));
    }

    [[nodiscard]] bool has_ended() const override { return true; }

    [[nodiscard]] Result<json::object> decision(std::string_view request) const override {
        for (const json::value& one : list_in(record_, "decisions")) {
            const json::value* const id =
                one.is_object() ? json_member(one.get_object(), "request", "requestId") : nullptr;
            if (id != nullptr && id->is_string() && id->get_string() == request)
                return one.get_object();
        }
        return invalid_input(fmt::format(
            "the record has no decision on the request {}: it has those of refused requests",
            printable(request)));
    }

    [[nodiscard]] Result<json::object> ask(const json::object& /*question*/) const override {
        return invalid_input("the run has ended: nothing can be done in it");
    }
    [[nodiscard]] Result<json::object> act(const json::object& question) const override {
        return ask(question);
    }

  private:
    static const json::value* json_member(const json::object& object, std::string_view outer,
                                          std::string_view inner) {
        const json::value* const found = object.if_contains(outer);
        return found != nullptr && found->is_object() ? found->get_object().if_contains(inner)
                                                      : nullptr;
    }

    json::object record_;
};

class NoWorld final : public Subject {
  public:
    [[nodiscard]] std::unique_ptr<EventReader> events() const override {
        return std::make_unique<ListReader>(none_);
    }
    [[nodiscard]] bool has_ended() const override { return true; }

    [[nodiscard]] Result<json::object> decision(std::string_view /*request*/) const override {
        return no_world_error();
    }
    [[nodiscard]] Result<json::object> ask(const json::object& /*question*/) const override {
        return no_world_error();
    }
    [[nodiscard]] Result<json::object> act(const json::object& /*question*/) const override {
        return no_world_error();
    }

  private:
    static Error no_world_error() { return invalid_input("no world is inspected"); }
    json::array none_;
};

}  // namespace

std::unique_ptr<Subject> ended_run(json::object record) {
    return std::make_unique<EndedRun>(std::move(record));
}

std::unique_ptr<Subject> no_world() {
    return std::make_unique<NoWorld>();
}

}  // namespace glovebox::inspect
