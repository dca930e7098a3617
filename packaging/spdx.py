# SPDX-License-Identifier: Apache-2.0
"""A bill of materials in the form of SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3/), as JSON."""

import re
from datetime import datetime, timezone

from origins import Origin, declared_licence


def identifier(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "-", name)


def package(origin: Origin) -> dict:
    named = declared_licence(origin.licence)
    archives = ", ".join(sorted(path.rsplit("/", 1)[1] for path in origin.archives))
    entry = {
        "SPDXID": f"SPDXRef-Package-{identifier(origin.name)}",
        "name": origin.name,
        "versionInfo": origin.version,
        "downloadLocation": origin.download,
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": named or f"LicenseRef-{identifier(origin.name)}",
        "copyrightText": "NOASSERTION",
        "sourceInfo": f"linked: {archives}" if archives else "compiled in: headers alone",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": origin.purl}],
    }
    if origin.sha256:
        entry["checksums"] = [{"algorithm": "SHA256", "checksumValue": origin.sha256}]
    return entry


def document(version: str, program_sha256: str, origins: list[Origin], seconds: int) -> dict:
    """What the program of this version and checksum is made of, at SECONDS since 1970. The same arguments give the same document."""
    own = {
        "SPDXID": "SPDXRef-Package-glovebox",
        "name": "glovebox",
        "versionInfo": version,
        "packageFileName": "glovebox",
        "primaryPackagePurpose": "APPLICATION",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "checksums": [{"algorithm": "SHA256", "checksumValue": program_sha256}],
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "Apache-2.0",
        "copyrightText": "NOASSERTION",
    }
    packages = [package(origin) for origin in origins]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"glovebox-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/glovebox-{version}-{program_sha256}",
        "creationInfo": {"created": datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
                         "creators": ["Tool: glovebox-bill-of-materials"]},
        "packages": [own, *packages],
        "hasExtractedLicensingInfos": [
            {"licenseId": entry["licenseDeclared"], "name": f"Licences of {entry['name']}", "extractedText": origin.licence}
            for origin, entry in zip(origins, packages) if entry["licenseDeclared"].startswith("LicenseRef-")],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": own["SPDXID"]},
            *({"spdxElementId": own["SPDXID"], "relationshipType": "STATIC_LINK" if origin.archives else "CONTAINS",
               "relatedSpdxElement": entry["SPDXID"]} for origin, entry in zip(origins, packages))],
    }
