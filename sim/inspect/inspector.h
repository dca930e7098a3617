// SPDX-License-Identifier: Apache-2.0

// The inspector's answers to its page. All paths begin with a token, which is the right to see and
// to act:
//
//   GET  /TOKEN/                   the page, and its other assets below it
//   GET  /TOKEN/events             the events as server-sent events: an array of some in each
//   GET  /TOKEN/decision?id=ID     why the KMS answered so (kms/decision_report.h)
//   GET  /TOKEN/export             the page and the events so far in one HTML file
//   GET  /TOKEN/document           `glovebox verify --json` of the document to show first, or null
//   POST /TOKEN/document           the same of the body
//   GET  /TOKEN/images             the images' files: those of the command line, then the world's
//   GET  /TOKEN/image?first=N      one of them (image_view.h); with &second=M their comparison
//   POST /TOKEN/fault              a question to the world's faults (fault/client.h), its answer
//   POST /TOKEN/act                a question to `glovebox up` that does not wait (the same), its
//                                  answer
//
// HEAD is answered as GET, and /TOKEN leads to /TOKEN/. A request with another Host than the
// address is refused: a name that an attacker leads to this machine (DNS rebinding) is another
// Host. So is a request from another origin's page, but for a link there that opens the page
// itself. An error is {"error": a sentence} with a status of 400 or more.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "sim/http/message.h"
#include "sim/inspect/document_view.h"
#include "sim/inspect/subject.h"

namespace glovebox::inspect {

struct InspectorOptions {
    std::string token;
    std::vector<std::string> images;  // files
    std::string document;             // the bytes of the one to show first; or empty
    MockRoot mock_root;
};

class Inspector {
  public:
    // Answers to "events" at a time. Each has a file open and up to 500 events in memory.
    static constexpr std::size_t followers_max = 64;

    // What is given by reference outlives it.
    Inspector(const Subject& subject, const Clock& clock, InspectorOptions options);

    // Where it is served, "127.0.0.1:4600": what a Host may be, besides "localhost:4600".
    void is_at(const std::string& address) { address_ = address; }

    // How many answers to "events" have not ended.
    [[nodiscard]] std::size_t followers() const {
        return static_cast<std::size_t>(followers_.use_count() - 1);
    }

    // Safe from several threads after is_at(). The answer to "events" refers to the subject.
    [[nodiscard]] http::Response answer(const http::Request& request) const;

  private:
    [[nodiscard]] bool is_own(std::string_view host) const;
    // The answer to a request that another site may have caused; `is_page` for the page itself,
    // which a link on another site may open.
    [[nodiscard]] std::optional<http::Response> refuse(const http::Request& request,
                                                       bool is_page) const;
    [[nodiscard]] http::Response answer_get(std::string_view name, std::string_view query) const;
    [[nodiscard]] http::Response answer_post(std::string_view name, const std::string& body) const;
    [[nodiscard]] http::Response events() const;
    [[nodiscard]] http::Response image(std::string_view query) const;

    const Subject& subject_;
    const Clock& clock_;
    InspectorOptions options_;
    std::vector<std::string> images_;  // of the options, and then the subject's
    std::string address_;
    std::shared_ptr<const int> followers_ = std::make_shared<const int>();  // each holds it
};

}  // namespace glovebox::inspect
