# SPDX-License-Identifier: Apache-2.0
"""A `glovebox kms` with its state on a disk, asked for all that it keeps."""

import base64
import http.client
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
from service import Service  # noqa: E402

PATIENCE = 60  # seconds


class Kms:
    """Ends with the block; then `status` is its exit status."""

    def __init__(self, glovebox, folder, environment, *options, **process):
        self.status, self.port = None, None
        self._service = Service(glovebox, "kms", "--auth", "off", "--listen", "127.0.0.1:0", "--state", Path(folder) / "keys", "--pki",
                                Path(folder) / "pki", *options, env=environment, cwd=folder, **process)

    def __enter__(self):
        try:
            self.port = int(re.search(r"http://[\d.]+:(\d+)", self._service.wait_for("ready:"))[1])
        except AssertionError:
            pass  # it has ended
        return self

    def __exit__(self, *_):
        self.status = self._service.stop()

    def is_up(self):
        return self.port is not None

    def said(self):
        return "\n".join(line for line in self._service.lines if line != "(ended)")

    def pid(self):
        return self._service.process.pid

    def ask(self, operation, **members):
        """The status, the answer, and the explanation of a refusal; 0 if no answer came."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("POST", "/", json.dumps(members), {"X-Amz-Target": f"TrentService.{operation}"})
            answer = connection.getresponse()
            body = answer.read() or b"{}"
            is_json = answer.getheader("Content-Type", "").startswith("application/x-amz-json")
            return answer.status, json.loads(body) if is_json else {"__type": body.decode()}, answer.getheader("x-glovebox-explanation") or ""
        except (OSError, http.client.HTTPException) as failure:
            return 0, {"__type": repr(failure)}, ""
        finally:
            connection.close()

    def work(self, acknowledged):
        """Adds to `acknowledged` what was answered with 200: a check, by its operation, arguments and what has to be in the answer.
        Returns the explanations of what was refused."""
        refused = []

        def done(operation, **members):
            status, answer, why = self.ask(operation, **members)
            if status == 200:
                return answer
            refused.append(f"{operation}: {status} {answer.get('__type')} {why}")
            return None

        number = len(acknowledged)
        if made := done("CreateKey", Description=f"number {number}"):
            key = made["KeyMetadata"]["KeyId"]
            acknowledged.append(("DescribeKey", {"KeyId": key}, key))
            if done("CreateAlias", AliasName=f"alias/{number}", TargetKeyId=key) is not None:
                acknowledged.append(("DescribeKey", {"KeyId": f"alias/{number}"}, key))
            plaintext = base64.b64encode(f"text {number}".encode()).decode()
            if sealed := done("Encrypt", KeyId=key, Plaintext=plaintext):
                acknowledged.append(("Decrypt", {"CiphertextBlob": sealed["CiphertextBlob"]}, plaintext))
            if data := done("GenerateDataKey", KeyId=key, KeySpec="AES_256"):
                acknowledged.append(("Decrypt", {"CiphertextBlob": data["CiphertextBlob"]}, data["Plaintext"]))
            if granted := done("CreateGrant", KeyId=key, GranteePrincipal="arn:aws:iam::123456789012:role/one", Operations=["Decrypt"]):
                acknowledged.append(("ListGrants", {"KeyId": key}, granted["GrantId"]))
            if done("TagResource", KeyId=key, Tags=[{"TagKey": "tag", "TagValue": f"value {number}"}]) is not None:
                acknowledged.append(("ListResourceTags", {"KeyId": key}, f"value {number}"))
            if done("UpdateKeyDescription", KeyId=key, Description=f"later {number}") is not None:
                acknowledged.append(("DescribeKey", {"KeyId": key}, f"later {number}"))
            if second := done("CreateKey"):
                other = second["KeyMetadata"]["KeyId"]
                if done("DisableKey", KeyId=other) is not None:
                    acknowledged.append(("DescribeKey", {"KeyId": other}, '"Enabled": false'))
                if done("ScheduleKeyDeletion", KeyId=other, PendingWindowInDays=7) is not None:
                    acknowledged.append(("DescribeKey", {"KeyId": other}, "PendingDeletion"))
        return refused

    def check(self, acknowledged):
        """Sentences for what is missing."""
        wrong = []
        for operation, members, expected in acknowledged:
            status, answer, why = self.ask(operation, **members)
            if status != 200 or expected not in json.dumps(answer):
                wrong.append(f"acknowledged and lost: {operation} {members}: {status} {answer} {why}")
        return wrong
