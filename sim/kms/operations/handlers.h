// SPDX-License-Identifier: Apache-2.0

// The operations, each as a function from a call to the members of its response. The KMS API
// reference describes the members under the operations' names.
#pragma once

#include "sim/kms/operation.h"

namespace glovebox::kms {

// keys.cpp
Answer<boost::json::object> create_key(Environment&, Call&);
Answer<boost::json::object> describe_key(Environment&, Call&);
Answer<boost::json::object> list_keys(Environment&, Call&);
Answer<boost::json::object> update_key_description(Environment&, Call&);
Answer<boost::json::object> enable_key(Environment&, Call&);
Answer<boost::json::object> disable_key(Environment&, Call&);
Answer<boost::json::object> schedule_key_deletion(Environment&, Call&);
Answer<boost::json::object> cancel_key_deletion(Environment&, Call&);
// aliases.cpp
Answer<boost::json::object> create_alias(Environment&, Call&);
Answer<boost::json::object> update_alias(Environment&, Call&);
Answer<boost::json::object> delete_alias(Environment&, Call&);
Answer<boost::json::object> list_aliases(Environment&, Call&);
// policies.cpp
Answer<boost::json::object> get_key_policy(Environment&, Call&);
Answer<boost::json::object> put_key_policy(Environment&, Call&);
Answer<boost::json::object> list_key_policies(Environment&, Call&);
// tags.cpp
Answer<boost::json::object> list_resource_tags(Environment&, Call&);
Answer<boost::json::object> tag_resource(Environment&, Call&);
Answer<boost::json::object> untag_resource(Environment&, Call&);
// rotations.cpp
Answer<boost::json::object> enable_key_rotation(Environment&, Call&);
Answer<boost::json::object> disable_key_rotation(Environment&, Call&);
Answer<boost::json::object> get_key_rotation_status(Environment&, Call&);
Answer<boost::json::object> rotate_key_on_demand(Environment&, Call&);
Answer<boost::json::object> list_key_rotations(Environment&, Call&);
// grants.cpp
Answer<boost::json::object> create_grant(Environment&, Call&);
Answer<boost::json::object> list_grants(Environment&, Call&);
Answer<boost::json::object> list_retirable_grants(Environment&, Call&);
Answer<boost::json::object> retire_grant(Environment&, Call&);
Answer<boost::json::object> revoke_grant(Environment&, Call&);
// imports.cpp
Answer<boost::json::object> get_parameters_for_import(Environment&, Call&);
Answer<boost::json::object> import_key_material(Environment&, Call&);
Answer<boost::json::object> delete_imported_key_material(Environment&, Call&);
// replicas.cpp
Answer<boost::json::object> replicate_key(Environment&, Call&);
// ciphertexts.cpp
Answer<boost::json::object> encrypt(Environment&, Call&);
Answer<boost::json::object> decrypt(Environment&, Call&);
Answer<boost::json::object> re_encrypt(Environment&, Call&);
// data_keys.cpp
Answer<boost::json::object> generate_data_key(Environment&, Call&);
Answer<boost::json::object> generate_data_key_without_plaintext(Environment&, Call&);
Answer<boost::json::object> generate_data_key_pair(Environment&, Call&);
Answer<boost::json::object> generate_data_key_pair_without_plaintext(Environment&, Call&);
Answer<boost::json::object> generate_random(Environment&, Call&);
// signatures.cpp
Answer<boost::json::object> sign_message(Environment&, Call&);
Answer<boost::json::object> verify_signature(Environment&, Call&);
Answer<boost::json::object> get_public_key(Environment&, Call&);
Answer<boost::json::object> derive_shared_secret(Environment&, Call&);
// macs.cpp
Answer<boost::json::object> generate_mac(Environment&, Call&);
Answer<boost::json::object> verify_mac(Environment&, Call&);

// The other operations of the API.
Answer<boost::json::object> not_emulated(Environment&, Call&);

}  // namespace glovebox::kms
