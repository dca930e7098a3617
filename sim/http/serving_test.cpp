// SPDX-License-Identifier: Apache-2.0

#include "sim/http/serving.h"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <csignal>

#include "core/testing/memory_log.h"

namespace glovebox::http {
namespace {

TEST(Serving, EndsBySignalsThatComeBeforeItRuns) {
    for (const int signal : {SIGTERM, SIGINT}) {
        boost::asio::io_context context(2);
        const auto work = boost::asio::make_work_guard(context);
        core::MemoryLog log;
        Serving serving(context, log);
        ASSERT_EQ(::raise(signal), 0);
        serving.run(2);
        EXPECT_TRUE(context.stopped());
    }
}

}  // namespace
}  // namespace glovebox::http
