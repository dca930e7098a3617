# SPDX-License-Identifier: Apache-2.0
"""What SPDX 2.3 demands of a document, as far as spdx.py uses it: https://spdx.github.io/spdx-spec/v2.3/"""

import re

_DOCUMENT = ("spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo", "packages", "relationships")
_PACKAGE = ("SPDXID", "name", "versionInfo", "downloadLocation", "licenseConcluded", "licenseDeclared", "copyrightText")
_IDENTIFIER = re.compile(r"SPDXRef-[A-Za-z0-9.-]+")
_PURL = re.compile(r"pkg:[a-z]+/[^@?#]+@[^?#]+(\?[a-z_]+=[^&]+(&[a-z_]+=[^&]+)*)?")
_LICENCES = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "MIT", "Zlib", "NOASSERTION"}


def broken_rules(bill: dict) -> list[str]:
    """A sentence for each rule that the document breaks."""
    broken = [f"the document has no {key}" for key in _DOCUMENT if key not in bill]
    if broken:
        return broken
    if bill["spdxVersion"] != "SPDX-2.3" or bill["dataLicense"] != "CC0-1.0" or bill["SPDXID"] != "SPDXRef-DOCUMENT":
        broken.append("spdxVersion, dataLicense or SPDXID is not the one of SPDX 2.3")
    if not re.fullmatch(r"https?://[^#\s]+", bill["documentNamespace"]):
        broken.append("documentNamespace is not a URI without a fragment")
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", bill["creationInfo"].get("created", "")):
        broken.append("creationInfo.created is not a time in UTC")
    if not all(re.match(r"(Tool|Person|Organization): \S", creator) for creator in bill["creationInfo"].get("creators", [""])):
        broken.append("creationInfo.creators has no kind")
    texts = [entry["licenseId"] for entry in bill.get("hasExtractedLicensingInfos", []) if entry.get("extractedText")]
    identifiers = ["SPDXRef-DOCUMENT"]
    for package in bill["packages"]:
        broken += [f"package {package.get('name')} has no {key}" for key in _PACKAGE if not package.get(key)]
        identifiers.append(package.get("SPDXID", ""))
        licence = package.get("licenseDeclared", "")
        if licence not in _LICENCES and licence not in texts:
            broken.append(f"package {package.get('name')} has the licence {licence}, which has no text")
        broken += [f"{one['referenceLocator']} is not a purl" for one in package.get("externalRefs", [])
                   if one["referenceType"] == "purl" and not _PURL.fullmatch(one["referenceLocator"])]
        broken += [f"package {package.get('name')} has a wrong checksum" for one in package.get("checksums", [])
                   if one["algorithm"] != "SHA256" or not re.fullmatch("[0-9a-f]{64}", one["checksumValue"])]
        if not re.fullmatch(r"NONE|NOASSERTION|https?://\S+", package.get("downloadLocation", "")):
            broken.append(f"package {package.get('name')} has a downloadLocation that is not a URI")
    broken += [f"{one} is not an identifier" for one in identifiers if not _IDENTIFIER.fullmatch(one)]
    broken += [f"{one} occurs twice" for one in set(identifiers) if identifiers.count(one) > 1]
    broken += [f"a relationship leads to {end}, which is missing" for one in bill["relationships"]
               for end in (one["spdxElementId"], one["relatedSpdxElement"]) if end not in identifiers]
    if not any(one["relationshipType"] == "DESCRIBES" for one in bill["relationships"]):
        broken.append("the document describes nothing")
    return broken
