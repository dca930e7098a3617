// SPDX-License-Identifier: Apache-2.0

// For tests: tar archives and container images, also as a hostile sender might make them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"

struct archive;

namespace glovebox::eif::testing {

class TarBuilder {
  public:
    TarBuilder();
    ~TarBuilder();
    TarBuilder(const TarBuilder&) = delete;
    TarBuilder& operator=(const TarBuilder&) = delete;

    struct Attributes {
        unsigned mode = 0644;
        long uid = 0;
        long gid = 0;
        long mtime = 1700000000;
        std::string xattr = {};  // its name; its value is "x"
    };
    TarBuilder& file(const std::string& path, std::string_view content, Attributes attributes);
    TarBuilder& file(const std::string& path, std::string_view content) {
        return file(path, content, Attributes{});
    }
    TarBuilder& directory(const std::string& path, unsigned mode = 0755, long uid = 0);
    TarBuilder& symlink(const std::string& path, const std::string& target);
    TarBuilder& hard_link(const std::string& path, const std::string& target);
    TarBuilder& device(const std::string& path, unsigned major, unsigned minor);
    [[nodiscard]] Bytes take();

  private:
    archive* archive_;
    Bytes out_;
};

[[nodiscard]] std::string gzip(BytesView bytes);

// `run` holds the members of the "config" object, such as R"("Cmd":["/app"])".
struct ImageSpec {
    std::vector<Bytes> layers = {};  // uncompressed tar archives, lowest first
    std::string run = R"("Cmd":["/app"],"Env":["PATH=/bin","A=1"])";
    std::string architecture = "amd64";
    bool compress_layers = false;
};
// In the form of `docker save` before version 25.
[[nodiscard]] Bytes docker_archive(const ImageSpec& spec);
// In the form of skopeo's oci-archive. `extra` replaces or adds files by name; an empty text
// removes one.
[[nodiscard]] Bytes oci_archive(const ImageSpec& spec,
                                const std::map<std::string, std::string>& extra = {});

}  // namespace glovebox::eif::testing
