// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/deferred_nsm.h"

#include <gtest/gtest.h>

#include <future>
#include <variant>

#include "nsm-mock/module/nsm_response.h"

namespace glovebox::nsm {
namespace {

class Echo final : public NsmDevice {
  public:
    [[nodiscard]] Bytes process(BytesView request) override {
        return {request.begin(), request.end()};
    }
};

const Bytes request{1, 2, 3};

TEST(DeferredNsm, WhoAsksWaitsUntilItIsMade) {
    std::promise<void> may_go;
    DeferredNsm module([&]() -> Result<std::unique_ptr<NsmDevice>> {
        may_go.get_future().wait();
        return std::unique_ptr<NsmDevice>(std::make_unique<Echo>());
    });
    auto first = std::async(std::launch::async, [&] { return module.process(request); });
    auto second = std::async(std::launch::async, [&] { return module.process(request); });
    EXPECT_EQ(first.wait_for(std::chrono::milliseconds(1)), std::future_status::timeout);
    may_go.set_value();
    EXPECT_EQ(first.get(), request);
    EXPECT_EQ(second.get(), request);
}

TEST(DeferredNsm, OneThatCouldNotBeMadeAnswersEveryRequestWithInternalError) {
    DeferredNsm module([]() -> Result<std::unique_ptr<NsmDevice>> {
        return Error(make_error_code(boost::system::errc::io_error), "reading the program");
    });
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(std::get<NsmError>(decode_response(module.process(request)).value()),
                  NsmError::internal_error);
}

TEST(DeferredNsm, ItsThreadTakesNoSignals) {
    std::promise<sigset_t> mask;
    const DeferredNsm module([&]() -> Result<std::unique_ptr<NsmDevice>> {
        sigset_t blocked;
        ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
        mask.set_value(blocked);
        return std::unique_ptr<NsmDevice>(std::make_unique<Echo>());
    });
    const sigset_t blocked = mask.get_future().get();
    EXPECT_EQ(::sigismember(&blocked, SIGTERM), 1);
    sigset_t own;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &own);
    EXPECT_EQ(::sigismember(&own, SIGTERM), 0);
}

}  // namespace
}  // namespace glovebox::nsm
