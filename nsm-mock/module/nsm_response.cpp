// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/nsm_response.h"

#include <fmt/core.h>

#include "core/base/overloaded.h"
#include "core/cbor/decode.h"
#include "core/cbor/encoder.h"

namespace glovebox::nsm {
namespace {

Error refuse_answer(const std::string& why) {
    return Error(NsmError::invalid_response, "the module's answer is not understood: " + why);
}

// Reads the fields of an answer one by one and keeps the first thing that is wrong.
class FieldReader {
  public:
    explicit FieldReader(const cbor::Map& fields) : fields_(fields) {}

    Bytes bytes(std::string_view name) { return get<Bytes>(name); }
    std::string text(std::string_view name) { return get<std::string>(name); }
    bool boolean(std::string_view name) { return get<bool>(name); }
    std::uint16_t number(std::string_view name) { return narrow(name, get<std::uint64_t>(name)); }
    std::vector<PcrIndex> numbers(std::string_view name) {
        std::vector<PcrIndex> numbers;
        for (const cbor::Value& item : get<cbor::Array>(name)) {
            const auto* number = item.as<std::uint64_t>();
            if (number == nullptr)
                fail(name, "holds something else than integers");
            else
                numbers.push_back(narrow(name, *number));
        }
        return numbers;
    }

    // The value, or the first error of the readers.
    template <class T>
    Result<Response> finish(T value) {
        if (!failure_.empty())
            return refuse_answer(failure_);
        return Response(std::move(value));
    }

  private:
    template <class T>
    T get(std::string_view name) {
        for (const cbor::Entry& entry : fields_) {
            const auto* key = entry.key.as<std::string>();
            if (key == nullptr || *key != name)
                continue;
            if (const auto* value = entry.value.as<T>())
                return *value;
            fail(name, fmt::format("is a {}", entry.value.type_name()));
            return T{};
        }
        fail(name, "is missing");
        return T{};
    }

    std::uint16_t narrow(std::string_view name, std::uint64_t value) {
        if (value > 0xffff)
            fail(name, "is larger than 65535");
        return static_cast<std::uint16_t>(value);
    }

    void fail(std::string_view name, std::string_view why) {
        if (failure_.empty())
            failure_ = fmt::format("the field \"{}\" {}", name, why);
    }

    const cbor::Map& fields_;
    std::string failure_;
};

Result<Response> decode_named(const std::string& name, const cbor::Map& fields) {
    FieldReader reader(fields);
    if (name == "DescribeNSM") {
        response::DescribeNsm answer;
        answer.digest = reader.text("digest");
        answer.max_pcrs = reader.number("max_pcrs");
        answer.module_id = reader.text("module_id");
        answer.locked_pcrs = reader.numbers("locked_pcrs");
        answer.version_major = reader.number("version_major");
        answer.version_minor = reader.number("version_minor");
        answer.version_patch = reader.number("version_patch");
        return reader.finish(std::move(answer));
    }
    if (name == "DescribePCR") {
        response::DescribePcr answer{reader.bytes("data"), reader.boolean("lock")};
        return reader.finish(std::move(answer));
    }
    if (name == "ExtendPCR")
        return reader.finish(response::ExtendPcr{reader.bytes("data")});
    if (name == "Attestation")
        return reader.finish(response::Attestation{reader.bytes("document")});
    if (name == "GetRandom")
        return reader.finish(response::GetRandom{reader.bytes("random")});
    return refuse_answer(fmt::format("no answer is named \"{}\"", name));
}

}  // namespace

Bytes encode_response(const Response& response) {
    cbor::Encoder encoder;
    std::visit(Overloaded{
                   [&](const response::DescribeNsm& r) {
                       encoder.map(1).text("DescribeNSM").map(7);
                       encoder.text("digest").text(r.digest);
                       encoder.text("max_pcrs").unsigned_integer(r.max_pcrs);
                       encoder.text("module_id").text(r.module_id);
                       encoder.text("locked_pcrs").array(r.locked_pcrs.size());
                       for (const PcrIndex index : r.locked_pcrs)
                           encoder.unsigned_integer(index);
                       encoder.text("version_major").unsigned_integer(r.version_major);
                       encoder.text("version_minor").unsigned_integer(r.version_minor);
                       encoder.text("version_patch").unsigned_integer(r.version_patch);
                   },
                   [&](const response::DescribePcr& r) {
                       encoder.map(1).text("DescribePCR").map(2);
                       encoder.text("data").bytes(r.data).text("lock").boolean(r.lock);
                   },
                   [&](const response::ExtendPcr& r) {
                       encoder.map(1).text("ExtendPCR").map(1).text("data").bytes(r.data);
                   },
                   [&](const response::LockPcr&) { encoder.text("LockPCR"); },
                   [&](const response::LockPcrs&) { encoder.text("LockPCRs"); },
                   [&](const response::Attestation& r) {
                       encoder.map(1).text("Attestation").map(1).text("document").bytes(r.document);
                   },
                   [&](const response::GetRandom& r) {
                       encoder.map(1).text("GetRandom").map(1).text("random").bytes(r.random);
                   },
                   [&](NsmError error) { encoder.map(1).text("Error").text(wire_name(error)); },
               },
               response);
    return encoder.take();
}

Result<Response> decode_response(BytesView bytes) {
    const auto decoded = cbor::decode(bytes);
    if (!decoded)
        return refuse_answer(decoded.error().message);
    if (const auto* name = decoded->value.as<std::string>()) {
        if (*name == "LockPCR")
            return Response(response::LockPcr{});
        if (*name == "LockPCRs")
            return Response(response::LockPcrs{});
        return refuse_answer(fmt::format("no answer without fields is named \"{}\"", *name));
    }
    const auto* map = decoded->value.as<cbor::Map>();
    const auto* name =
        map == nullptr || map->size() != 1 ? nullptr : map->front().key.as<std::string>();
    if (name == nullptr)
        return refuse_answer("a text or a map of one named entry was expected");
    if (*name == "Error") {
        const auto* error_name = map->front().value.as<std::string>();
        const auto error = error_name == nullptr ? std::nullopt : nsm_error_of(*error_name);
        if (!error)
            return refuse_answer("its error has no name that is known");
        return Response(*error);
    }
    const auto* fields = map->front().value.as<cbor::Map>();
    if (fields == nullptr)
        return refuse_answer(fmt::format("the fields of \"{}\" are not a map", *name));
    return decode_named(*name, *fields);
}

}  // namespace glovebox::nsm
