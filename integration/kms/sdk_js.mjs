// SPDX-License-Identifier: Apache-2.0

// AWS's SDK for JavaScript v3, unchanged, does every operation of the KMS; Node and openssl check the answers.
//
// Usage: node sdk_js.mjs SDK-FOLDER SETTINGS-JSON      (sdk_js_test.py calls it and checks the lines on stdout)
//
// SETTINGS: endpoint; alias (a symmetric key whose policy allows Alice all), attested (a key id that only an enclave may
// decrypt with); document (base64) and key (PEM file) of such an enclave; otherDocument (base64) of another one.
//
// Each check that passed is a line "ok NAME"; the first that does not ends with status 1.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import { createRequire } from "node:module";
import path from "node:path";

const [folder, settingsText] = process.argv.slice(2);
const settings = JSON.parse(settingsText);
const sdk = createRequire(path.join(folder, "node_modules", "x.js"))("@aws-sdk/client-kms");

const alice = { accessKeyId: "AKIAALICE", secretAccessKey: "alice's secret" };

function client(credentials = alice) {
    return new sdk.KMSClient({ region: "us-east-1", endpoint: settings.endpoint, credentials });
}

const kms = client();
const send = (name, input, through = kms) => through.send(new sdk[`${name}Command`](input));
const bytes = (text) => new TextEncoder().encode(text);
const recipient = (document) => ({
    KeyEncryptionAlgorithm: "RSAES_OAEP_SHA_256",
    AttestationDocument: Buffer.from(document, "base64"),
});

function openCms(ciphertext) {
    return execFileSync("openssl", ["cms", "-decrypt", "-inform", "DER", "-inkey", settings.key], {
        input: Buffer.from(ciphertext),
    });
}

async function refused(name, call) {
    try {
        await call;
    } catch (error) {
        assert.ok(error instanceof sdk.KMSServiceException, `${error}`);
        assert.equal(error.name, name, error.message);
        return error;
    }
    assert.fail(`${name} was expected`);
}

async function newKey(input = {}) {
    return (await send("CreateKey", input)).KeyMetadata.KeyId;
}

const checks = {
    async "CreateKey DescribeKey ListKeys"() {
        const { KeyMetadata } = await send("CreateKey", { Description: "from JavaScript" });
        assert.ok(KeyMetadata.CreationDate instanceof Date);
        const described = await send("DescribeKey", { KeyId: KeyMetadata.Arn });
        assert.equal(described.KeyMetadata.Description, "from JavaScript");
        const ids = [];
        for await (const page of sdk.paginateListKeys({ client: kms, pageSize: 1 }, {}))
            ids.push(...page.Keys.map((key) => key.KeyId));
        assert.ok(ids.includes(KeyMetadata.KeyId));
    },

    async "CreateAlias UpdateAlias DeleteAlias ListAliases"() {
        const first = await newKey();
        const second = await newKey();
        await send("CreateAlias", { AliasName: "alias/js", TargetKeyId: first });
        await refused("AlreadyExistsException", send("CreateAlias", { AliasName: "alias/js", TargetKeyId: first }));
        await send("UpdateAlias", { AliasName: "alias/js", TargetKeyId: second });
        const { Aliases } = await send("ListAliases", { KeyId: second });
        assert.deepEqual(Aliases.map((alias) => alias.AliasName), ["alias/js"]);
        await send("DeleteAlias", { AliasName: "alias/js" });
        const error = await refused("NotFoundException", send("DescribeKey", { KeyId: "alias/js" }));
        assert.ok(error instanceof sdk.NotFoundException);
        assert.equal(error.$metadata.httpStatusCode, 400);
    },

    async "GetKeyPolicy PutKeyPolicy ListKeyPolicies"() {
        const KeyId = await newKey();
        const policy = JSON.parse((await send("GetKeyPolicy", { KeyId, PolicyName: "default" })).Policy);
        policy.Statement.push({ Effect: "Deny", Principal: "*", Action: "kms:Encrypt", Resource: "*" });
        await send("PutKeyPolicy", { KeyId, PolicyName: "default", Policy: JSON.stringify(policy) });
        const error = await refused("AccessDeniedException", send("Encrypt", { KeyId, Plaintext: bytes("x") }));
        assert.match(error.message, /with an explicit deny in a resource-based policy/);
        assert.deepEqual((await send("ListKeyPolicies", { KeyId })).PolicyNames, ["default"]);
        await refused("MalformedPolicyDocumentException",
            send("PutKeyPolicy", { KeyId, PolicyName: "default", Policy: "{" }));
    },

    async "Encrypt Decrypt ReEncrypt"() {
        const EncryptionContext = { tenant: "1" };
        const { CiphertextBlob } = await send("Encrypt",
            { KeyId: settings.alias, Plaintext: bytes("secret"), EncryptionContext });
        const opened = await send("Decrypt", { CiphertextBlob, EncryptionContext });
        assert.equal(Buffer.from(opened.Plaintext).toString(), "secret");
        const error = await refused("InvalidCiphertextException", send("Decrypt", { CiphertextBlob }));
        assert.ok(error instanceof sdk.InvalidCiphertextException);
        const moved = await send("ReEncrypt", {
            CiphertextBlob, SourceEncryptionContext: EncryptionContext, DestinationKeyId: await newKey(),
        });
        const again = await send("Decrypt", { CiphertextBlob: moved.CiphertextBlob });
        assert.equal(Buffer.from(again.Plaintext).toString(), "secret");
        await refused("IncorrectKeyException",
            send("Decrypt", { CiphertextBlob, EncryptionContext, KeyId: await newKey() }));
    },

    async "GenerateDataKey GenerateDataKeyWithoutPlaintext GenerateRandom"() {
        const key = await send("GenerateDataKey", { KeyId: settings.alias, KeySpec: "AES_256" });
        const opened = await send("Decrypt", { CiphertextBlob: key.CiphertextBlob });
        assert.deepEqual(opened.Plaintext, key.Plaintext);
        const without = await send("GenerateDataKeyWithoutPlaintext", { KeyId: settings.alias, NumberOfBytes: 17 });
        assert.equal(without.Plaintext, undefined);
        assert.equal((await send("Decrypt", { CiphertextBlob: without.CiphertextBlob })).Plaintext.length, 17);
        assert.equal((await send("GenerateRandom", { NumberOfBytes: 33 })).Plaintext.length, 33);
        const error = await refused("ValidationException", send("GenerateRandom", { NumberOfBytes: 1025 }));
        assert.match(error.message, /at 'numberOfBytes' failed to satisfy constraint/);
    },

    async "GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext"() {
        const input = { KeyId: settings.alias, KeyPairSpec: "ECC_NIST_P384" };
        const pair = await send("GenerateDataKeyPair", input);
        const secret = crypto.createPrivateKey({ key: Buffer.from(pair.PrivateKeyPlaintext), format: "der", type: "pkcs8" });
        assert.deepEqual(crypto.createPublicKey(secret).export({ format: "der", type: "spki" }),
            Buffer.from(pair.PublicKey));
        const without = await send("GenerateDataKeyPairWithoutPlaintext", input);
        assert.equal(without.PrivateKeyPlaintext, undefined);
        const opened = await send("Decrypt", { CiphertextBlob: without.PrivateKeyCiphertextBlob });
        crypto.createPrivateKey({ key: Buffer.from(opened.Plaintext), format: "der", type: "pkcs8" });
    },

    async "Sign Verify GetPublicKey"() {
        for (const [KeySpec, SigningAlgorithm] of [["RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256"],
            ["ECC_NIST_P256", "ECDSA_SHA_256"]]) {
            const KeyId = await newKey({ KeySpec, KeyUsage: "SIGN_VERIFY" });
            const { Signature } = await send("Sign", { KeyId, Message: bytes("m"), SigningAlgorithm });
            const { PublicKey } = await send("GetPublicKey", { KeyId });
            const key = crypto.createPublicKey({ key: Buffer.from(PublicKey), format: "der", type: "spki" });
            assert.ok(crypto.verify("sha256", bytes("m"), key, Signature));
            const verified = await send("Verify", { KeyId, Message: bytes("m"), Signature, SigningAlgorithm });
            assert.equal(verified.SignatureValid, true);
            const error = await refused("KMSInvalidSignatureException",
                send("Verify", { KeyId, Message: bytes("n"), Signature, SigningAlgorithm }));
            assert.ok(error instanceof sdk.KMSInvalidSignatureException);
        }
        await refused("UnsupportedOperationException", send("GetPublicKey", { KeyId: settings.alias }));
    },

    async "GenerateMac VerifyMac"() {
        const KeyId = await newKey({ KeySpec: "HMAC_512", KeyUsage: "GENERATE_VERIFY_MAC" });
        const MacAlgorithm = "HMAC_SHA_512";
        const { Mac } = await send("GenerateMac", { KeyId, Message: bytes("m"), MacAlgorithm });
        assert.equal(Mac.length, 64);
        assert.equal((await send("VerifyMac", { KeyId, Message: bytes("m"), Mac, MacAlgorithm })).MacValid, true);
        const error = await refused("KMSInvalidMacException",
            send("VerifyMac", { KeyId, Message: bytes("n"), Mac, MacAlgorithm }));
        assert.ok(error instanceof sdk.KMSInvalidMacException);
    },

    async "DeriveSharedSecret"() {
        const KeyId = await newKey({ KeySpec: "ECC_NIST_P256", KeyUsage: "KEY_AGREEMENT" });
        const peer = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
        const input = {
            KeyId, KeyAgreementAlgorithm: "ECDH",
            PublicKey: peer.publicKey.export({ format: "der", type: "spki" }),
        };
        const { PublicKey } = await send("GetPublicKey", { KeyId });
        const mine = crypto.diffieHellman({
            privateKey: peer.privateKey,
            publicKey: crypto.createPublicKey({ key: Buffer.from(PublicKey), format: "der", type: "spki" }),
        });
        const derived = await send("DeriveSharedSecret", input);
        assert.deepEqual(Buffer.from(derived.SharedSecret), mine);
        const sealed = await send("DeriveSharedSecret", { ...input, Recipient: recipient(settings.document) });
        assert.equal(sealed.SharedSecret, undefined);
        assert.deepEqual(openCms(sealed.CiphertextForRecipient), mine);
    },

    async "DisableKey EnableKey ScheduleKeyDeletion CancelKeyDeletion"() {
        const KeyId = await newKey();
        await send("DisableKey", { KeyId });
        const error = await refused("DisabledException", send("Encrypt", { KeyId, Plaintext: bytes("x") }));
        assert.ok(error instanceof sdk.DisabledException);
        await send("EnableKey", { KeyId });
        const scheduled = await send("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
        assert.ok(scheduled.DeletionDate instanceof Date);
        await refused("KMSInvalidStateException", send("Encrypt", { KeyId, Plaintext: bytes("x") }));
        await send("CancelKeyDeletion", { KeyId });
        assert.equal((await send("DescribeKey", { KeyId })).KeyMetadata.KeyState, "Disabled");
    },

    async "Decrypt with Recipient"() {
        const { CiphertextBlob } = await send("Encrypt", { KeyId: settings.attested, Plaintext: bytes("for the enclave") });
        const answer = await send("Decrypt", { CiphertextBlob, Recipient: recipient(settings.document) });
        assert.equal(answer.Plaintext, undefined);
        assert.equal(openCms(answer.CiphertextForRecipient).toString(), "for the enclave");
        for (const Recipient of [undefined, recipient(settings.otherDocument)]) {
            const error = await refused("AccessDeniedException", send("Decrypt", { CiphertextBlob, Recipient }));
            assert.match(error.message, /because no resource-based policy allows the kms:Decrypt action/);
        }
        await refused("ValidationException", send("Decrypt", { CiphertextBlob, Recipient: recipient("AAAA") }));
    },

    async "GenerateDataKey GenerateDataKeyPair GenerateRandom with Recipient"() {
        const Recipient = recipient(settings.document);
        const key = await send("GenerateDataKey", { KeyId: settings.alias, KeySpec: "AES_256", Recipient });
        assert.equal(key.Plaintext, undefined);
        const { Plaintext } = await send("Decrypt", { CiphertextBlob: key.CiphertextBlob });
        assert.deepEqual(openCms(key.CiphertextForRecipient), Buffer.from(Plaintext));
        const pair = await send("GenerateDataKeyPair",
            { KeyId: settings.alias, KeyPairSpec: "ECC_NIST_P256", Recipient });
        assert.equal(pair.PrivateKeyPlaintext, undefined);
        const secret = crypto.createPrivateKey({ key: openCms(pair.CiphertextForRecipient), format: "der", type: "pkcs8" });
        assert.deepEqual(crypto.createPublicKey(secret).export({ format: "der", type: "spki" }),
            Buffer.from(pair.PublicKey));
        const random = await send("GenerateRandom", { NumberOfBytes: 32, Recipient });
        assert.equal(random.Plaintext, undefined);
        assert.equal(openCms(random.CiphertextForRecipient).length, 32);
    },

    async "wrong signers"() {
        await refused("InvalidSignatureException",
            send("ListKeys", {}, client({ ...alice, secretAccessKey: "wrong" })));
        await refused("UnrecognizedClientException",
            send("ListKeys", {}, client({ accessKeyId: "AKIANOBODY", secretAccessKey: "x" })));
    },
};

for (const [name, check] of Object.entries(checks)) {
    try {
        await check();
    } catch (error) {
        console.error(`${name}: ${error.stack}`);
        process.exit(1);
    }
    console.log(`ok ${name}`);
}
