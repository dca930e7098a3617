// SPDX-License-Identifier: Apache-2.0

// The errors of everything that reads, builds or compares enclave images, as codes to match on. The
// Error that carries the code has a sentence with the particulars.
#pragma once

#include <boost/system/error_category.hpp>

#include "core/base/error.h"

namespace glovebox::eif {

enum class EifError {
    not_an_image = 1,   // too short for a header, or another magic number
    damaged,            // a size, offset or section contradicts the file
    bad_metadata,       // the metadata section is not JSON of its form
    bad_signature,      // the signature section or its certificate cannot be read
    wrong_signature,    // the signature can be read and does not verify
    bad_key,            // a private key or certificate that cannot sign
    bad_ramdisk,        // not a cpio archive of the "newc" form, or damaged compression
    bad_archive,        // not a docker save or OCI archive, or a damaged one
    unsafe_path,        // a name that leads out of the tree
    limit_exceeded,     // more bytes or entries than were allowed
    unsupported,        // valid, and not implemented by Glovebox
    invalid_input,      // a kernel, command or option that no image can be built from
    changed_while_read  // a file was altered during the build
};

[[nodiscard]] const boost::system::error_category& eif_category();
[[nodiscard]] boost::system::error_code make_error_code(EifError error);

}  // namespace glovebox::eif

template <>
struct boost::system::is_error_code_enum<glovebox::eif::EifError> : std::true_type {};
