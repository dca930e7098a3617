// SPDX-License-Identifier: Apache-2.0

// Asio's own functions, compiled here and nowhere else (BOOST_ASIO_SEPARATE_COMPILATION).
#include <boost/asio/impl/src.hpp>

#ifdef __SANITIZE_THREAD__
// Asio's reference counts are safe by a fence (std::atomic_thread_fence in ref_count_down), which
// the thread sanitizer does not see: it takes the object's end for a race with the decrement before
// it. Reports with this function in one of their stacks are left out, and no others.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
    return "race:boost::asio::detail::ref_count_down\n";
}
#endif
