#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What of a Recipient's document decides, and what does not.

Usage: recipient_test.py GLOVEBOX [unittest's arguments]
"""

import base64
import subprocess

import kms_test
from kms_test import KEY_ID, PCR0, explanation


class Recipient(kms_test.Case):
    def setUp(self):
        super().setUp()
        self.ciphertext = self.client().encrypt(KeyId=KEY_ID, Plaintext=b"only for the enclave")["CiphertextBlob"]

    def document(self, public_key, *fields):
        """A document of an enclave with PCR0, whose key is in `public_key`."""
        return self.glovebox("nsm", "--device", "mock", "--pki", self.pki, "--pcr0", PCR0, "attest", "--public-key", public_key, *fields,
                             "--format", "base64", "-o", "-").decode().strip()

    def test_nonce_and_user_data_play_no_part(self):
        key, plain = self.enclave("--pcr0", PCR0)
        told = self.document(key.with_suffix(".der"), "--nonce", "00ff", "--user-data", "616263")
        for document in (plain, told, told):  # the same document again, too
            answer = self.attested(self.client(), "Decrypt", document, CiphertextBlob=self.ciphertext)
            self.assertEqual(self.open_cms(key, base64.b64decode(answer["CiphertextForRecipient"])), b"only for the enclave")

    def test_a_public_key_as_pem_is_refused_with_its_form(self):
        key, _ = self.enclave("--pcr0", PCR0)
        pem = key.with_suffix(".public")
        subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", pem], check=True, capture_output=True)
        error = self.refused("ValidationException", self.attested, self.client(), "Decrypt", self.document(pem), CiphertextBlob=self.ciphertext)
        self.assertIn("it is PEM text, KMS wants the DER inside", explanation(error))


if __name__ == "__main__":
    kms_test.main()
