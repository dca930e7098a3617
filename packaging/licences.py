# SPDX-License-Identifier: Apache-2.0
"""The licences in the packages: `copyright` is Glovebox's, third-party-licences those of everything that is linked."""

import re
from pathlib import Path

from origins import Origin

COMMON = Path("/usr/share/common-licenses")
RULE = "=" * 78 + "\n"


def common_licences(text: str) -> set[str]:
    """The files of /usr/share/common-licenses that a text refers to: other systems lack them."""
    return {name.rstrip(".") for name in re.findall(r"/usr/share/common-licenses/([A-Za-z0-9.+-]+)", text)}


def copyright_file(origins: list[Origin]) -> str:
    return ("Copyright 2026 the contributors to Glovebox\n\n"
            "Glovebox is licensed under the Apache License, Version 2.0: see LICENSE beside this file, or on Debian\n"
            f"{COMMON}/Apache-2.0.\n\n"
            "The program contains code of the projects below; third-party-licences.gz has their licences. Each\n"
            "release has the sources and build scripts, by which the program is linked with another version of them.\n\n"
            + "".join(f"  {origin.name} {origin.version}: {origin.download}\n" for origin in origins))


def third_party_licences(origins: list[Origin], common: Path = COMMON) -> str:
    texts = [f"{origin.name} {origin.version}\n\n{origin.licence}" for origin in origins]
    for name in sorted(common_licences("".join(texts))):
        if (common / name).is_file():
            texts.append(f"{name}\n\n{(common / name).read_text(errors='replace')}")
    return RULE.join(text if text.endswith("\n") else text + "\n" for text in texts)
