// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/base/error.h"

namespace glovebox::eif {
namespace {

// Boost's base class has, by design, no virtual destructor: categories live as long as the program.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class EifCategory final : public boost::system::error_category {
  public:
    [[nodiscard]] const char* name() const noexcept override { return "glovebox.eif"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<EifError>(value)) {
            case EifError::not_an_image:
                return "not an enclave image";
            case EifError::damaged:
                return "damaged enclave image";
            case EifError::bad_metadata:
                return "unreadable image metadata";
            case EifError::bad_signature:
                return "unreadable image signature";
            case EifError::wrong_signature:
                return "image signature does not verify";
            case EifError::bad_key:
                return "unusable signing key or certificate";
            case EifError::bad_ramdisk:
                return "unreadable ramdisk";
            case EifError::bad_archive:
                return "unreadable container image archive";
            case EifError::unsafe_path:
                return "path leads out of its root";
            case EifError::limit_exceeded:
                return "limit exceeded";
            case EifError::unsupported:
                return "not supported";
            case EifError::invalid_input:
                return "invalid input";
            case EifError::changed_while_read:
                return "file changed while it was read";
        }
        return "unknown error";
    }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& eif_category() {
    static const EifCategory category;
    return category;
}

boost::system::error_code make_error_code(EifError error) {
    return {static_cast<int>(error), eif_category()};
}

}  // namespace glovebox::eif
