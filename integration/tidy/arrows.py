# SPDX-License-Identifier: Apache-2.0
"""Who uses whom: the arrows between folders, read from the #includes, and held against the table of folders.py, CMake's
links and the drawing in docs/architecture.md.

Each check is a function from the tree (path -> text) to findings. Product files alone draw arrows; tests have their own.
"""

import collections
import dataclasses
import os
import re

import rules
from folders import FOLDERS, LIBRARIES, Folder
from source_text import includes_of

CPP = (".h", ".cpp", ".c")
TABLE = "integration/tidy/folders.py"
DRAWING = "docs/architecture.md"
_DRAWING_BEGINS = "<!-- arrows: integration/tidy/tidy.py --draw writes this table -->"
_DRAWING_ENDS = "<!-- end of arrows -->"


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    message: str
    is_warning: bool = False

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {'warning: ' if self.is_warning else ''}{self.message}"


def lies_in(path: str, folders: tuple[str, ...]) -> bool:
    return path.startswith(tuple(folder + "/" for folder in folders))


def serves_tests(path: str) -> bool:
    return rules.TEST_FILE.search(path) is not None or lies_in(path, rules.TEST_FOLDERS)


def folder_of(path: str) -> str | None:
    """The folder of the table that a file, or what an #include names, belongs to."""
    return max((folder for folder in FOLDERS if path.startswith(folder + "/")), key=len, default=None)


def libraries_of(name: str) -> list[str]:
    return [library for library, known in LIBRARIES.items() if name.startswith(known.headers)]


def check_includes(path: str, text: str) -> list[Finding]:
    """One file's #includes against the table."""
    folder = folder_of(path)
    if folder is None:
        return [Finding(path, 1, f"belongs to no folder of the table: add its folder to FOLDERS in {TABLE}")]
    known = FOLDERS[folder]
    is_test = serves_tests(path)
    may_use = known.uses + (known.tests_use if is_test else ())
    findings = []
    for line, name, quoted in includes_of(text):
        used = folder_of(name)
        is_fixture = is_test and lies_in(name, rules.TEST_FOLDERS)
        if quoted and used and used != folder and used not in may_use and not is_fixture:
            may = ", ".join(may_use) or "no other folder"
            findings.append(Finding(path, line, f"{folder} may not use {used} (\"{name}\"); it may use {may}"))
        for library in () if quoted else libraries_of(name):
            if library not in known.libraries + (known.tests_link if is_test else ()):
                homes = [home for home, other in FOLDERS.items() if library in other.libraries]
                findings.append(Finding(path, line, f"<{name}> is {library}, which {', '.join(homes)} may use, not {folder}"))
        if not is_test and (serves_tests(name) if quoted else name.startswith(rules.TEST_FRAMEWORKS)):
            findings.append(Finding(path, line, f"{name} serves tests, and this is not a test: name it *_test.cpp or *_fixture.h"))
    return findings


@dataclasses.dataclass
class Arrows:
    """What the #includes of one folder's product files, or of its tests, use; with how many #includes."""
    folders: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    libraries: collections.Counter = dataclasses.field(default_factory=collections.Counter)


def read_arrows(files: dict[str, str], tests: bool = False) -> dict[str, Arrows]:
    arrows = {folder: Arrows() for folder in FOLDERS}
    for path, text in files.items():
        folder = folder_of(path)
        # A folder that serves tests as a whole has no product files: all its arrows count.
        if not path.endswith(CPP) or folder is None or (serves_tests(path) and not serves_tests(folder + "/")) != tests:
            continue
        for _, name, quoted in includes_of(text):
            used = folder_of(name) if quoted else None
            if used and used != folder:
                arrows[folder].folders[used] += 1
            arrows[folder].libraries.update(() if quoted else libraries_of(name))
    return arrows


def check_table(table: dict[str, Folder]) -> list[Finding]:
    """The table itself: each folder stands below what it uses, so that there is no circle and no arrow runs up."""
    findings = []
    above: set[str] = set()
    for folder, known in table.items():
        for used in known.uses:
            if used not in above:
                findings.append(Finding(TABLE, 1, f"{folder} uses {used}, which does not stand above it in FOLDERS: "
                                                  "an arrow that runs up"))
        above.add(folder)
    return findings


def check_unused(files: dict[str, str]) -> list[Finding]:
    """A permission that no file uses is removed, so that the table says what is."""
    product, tests = read_arrows(files), read_arrows(files, tests=True)
    findings = []
    for folder, known in FOLDERS.items():
        for field, permitted, used in (
                ("uses", known.uses, product[folder].folders),
                ("libraries", known.libraries, product[folder].libraries),
                ("tests_use", known.tests_use, tests[folder].folders),
                ("tests_link", known.tests_link, tests[folder].libraries)):
            for one in permitted:
                if not used[one]:
                    findings.append(Finding(TABLE, 1, f"no file of {folder} needs {one}: remove it from its {field}"))
    return findings


def circles_of(uses: dict[str, set[str]]) -> list[list[str]]:
    """The strongly connected components of more than one node (Tarjan), each in alphabetical order."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    circles = []
    for root in uses:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        path = [(root, iter(sorted(uses[root])))]
        while path:
            node, rest = path[-1]
            for used in rest:
                if used not in index:
                    index[used] = low[used] = len(index)
                    stack.append(used)
                    path.append((used, iter(sorted(uses.get(used, ())))))
                    break
                if used in stack:
                    low[node] = min(low[node], index[used])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == index[node]:
                    circle = stack[stack.index(node):]
                    del stack[stack.index(node):]
                    if len(circle) > 1:
                        circles.append(sorted(circle))
    return circles


def nouns_of(files: dict[str, str]) -> dict[str, set[str]]:
    """Each product file's noun (its path without extension) and the nouns that its header and source include."""
    uses: dict[str, set[str]] = {}
    for path, text in files.items():
        if not path.endswith(CPP) or serves_tests(path):
            continue
        noun = os.path.splitext(path)[0]
        uses.setdefault(noun, set()).update(
            os.path.splitext(name)[0] for _, name, quoted in includes_of(text)
            if quoted and name in files and os.path.splitext(name)[0] != noun)
    return uses


def check_circles(files: dict[str, str]) -> list[Finding]:
    uses = nouns_of(files)
    return [Finding(circle[0] + (".h" if circle[0] + ".h" in files else ".cpp"), 1,
                    "a circle of files: " + "; ".join(
                        f"{noun} includes {', '.join(sorted(uses[noun] & set(circle)))}" for noun in circle))
            for circle in circles_of(uses)]


_CALL = re.compile(r"\b(add_library|add_executable|target_link_libraries)\s*\(([^()]*)\)")
_KEYWORDS = {"STATIC", "SHARED", "INTERFACE", "OBJECT", "PUBLIC", "PRIVATE", "EXCLUDE_FROM_ALL", "ALIAS"}


@dataclasses.dataclass
class Links:
    """What each CMakeLists.txt says: the home of each product target, and what the targets of each home link. The home is
    the folder of a target's sources, or of its CMakeLists.txt where they lie in several, whose home it is then."""
    targets: dict[str, str] = dataclasses.field(default_factory=dict)
    homes: dict[str, str] = dataclasses.field(default_factory=dict)
    linked: dict[str, set[str]] = dataclasses.field(default_factory=lambda: collections.defaultdict(set))

    def home_of(self, folder: str) -> str:
        return self.homes.get(folder, folder)


def read_links(files: dict[str, str]) -> Links:
    links = Links()
    for path, text in files.items():
        if os.path.basename(path) != "CMakeLists.txt":
            continue
        here = os.path.dirname(path)
        for call, arguments in _CALL.findall(re.sub(r"#[^\n]*", "", text)):
            words = [word for word in arguments.split() if word not in _KEYWORDS]
            if not words or "$" in words[0]:
                continue
            if call.startswith("add_"):
                sources = [os.path.normpath(os.path.join(here, word)) for word in words[1:] if "$" not in word]
                folders = {folder_of(source) for source in sources} or {folder_of(here + "/")}
                if None in folders or any(serves_tests(source) for source in sources):
                    continue
                links.targets[words[0]] = here if len(folders) > 1 else min(folders)
                links.homes.update({folder: here for folder in folders} if len(folders) > 1 else {})
            elif words[0] in links.targets:
                links.linked[links.targets[words[0]]].update(words[1:])
    return links


def check_links(files: dict[str, str]) -> list[Finding]:
    """Each folder links the folders and libraries that its files include, and no others."""
    links = read_links(files)
    needed: dict[str, Arrows] = collections.defaultdict(Arrows)
    for folder, arrows in read_arrows(files).items():
        needed[links.home_of(folder)].folders.update(links.home_of(used) for used in arrows.folders)
        needed[links.home_of(folder)].libraries.update(arrows.libraries)
    by_link = {link: library for library, known in LIBRARIES.items() for link in known.links}
    homes = set(links.targets.values())
    findings = []
    for home in sorted(homes):
        listing = max((path for path in files if path.endswith("CMakeLists.txt")
                       and (home + "/").startswith(os.path.dirname(path) + "/")), key=len, default="CMakeLists.txt")
        own = {target for target, other in links.targets.items() if other == home}
        linked = links.linked[home]
        linked_folders = {links.targets[link] for link in linked if link in links.targets and link not in by_link} - {home}
        linked_libraries = {by_link[link] for link in linked | own if link in by_link}
        needed_folders = {used for used in needed[home].folders if used in homes} - {home}
        needed_libraries = {used for used in needed[home].libraries if LIBRARIES[used].links}
        for missing in sorted(needed_folders - linked_folders) + sorted(needed_libraries - linked_libraries):
            findings.append(Finding(listing, 1, f"{home} includes headers of {missing} and does not link it"))
        for idle in sorted(linked_folders - needed_folders) + sorted(linked_libraries - needed_libraries):
            findings.append(Finding(listing, 1, f"{home} links {idle} and includes no header of it: do not link it"))
    return findings


def drawing() -> str:
    """The table of docs/architecture.md."""
    rows = ["| folder | contents | may use |", "|---|---|---|"]
    for folder, known in FOLDERS.items():
        may_use = ", ".join([f"`{used}`" for used in known.uses] + list(known.libraries))
        rows.append(f"| `{folder}` | {known.contents} | {may_use} |")
    return "\n".join(rows) + "\n"


def check_drawing(files: dict[str, str]) -> list[Finding]:
    text = files.get(DRAWING, "")
    begin, end = text.find(_DRAWING_BEGINS), text.find(_DRAWING_ENDS)
    if begin < 0 or end < 0:
        return [Finding(DRAWING, 1, f"the table of arrows is missing: it stands between {_DRAWING_BEGINS} and {_DRAWING_ENDS}")]
    if text[begin + len(_DRAWING_BEGINS):end].strip() != drawing().strip():
        return [Finding(DRAWING, text.count("\n", 0, begin) + 1, f"the table of arrows is not that of {TABLE}: "
                                                                 "integration/tidy/tidy.py --draw writes it anew")]
    return []


def redrawn(text: str) -> str:
    begin, end = text.index(_DRAWING_BEGINS), text.index(_DRAWING_ENDS)
    return text[:begin] + _DRAWING_BEGINS + "\n" + drawing() + text[end:]


def report(files: dict[str, str]) -> str:
    """The arrows as they are, with how many #includes make each, and what is wrong with them."""
    lines = []
    count = 0
    product = read_arrows(files)
    order = list(FOLDERS)
    up = 0
    for folder in order:
        arrows = product[folder].folders
        count += len(arrows)
        up += sum(order.index(used) > order.index(folder) for used in arrows)
        lines.append(f"{folder}: " + (", ".join(f"{used} ({arrows[used]})" for used in order if used in arrows) or "-"))
    circles = circles_of(nouns_of(files))
    between = circles_of({folder: set(product[folder].folders) for folder in order})
    lines += [f"a circle of folders: {', '.join(circle)}" for circle in between]
    lines += [f"a circle of files: {', '.join(circle)}" for circle in circles]
    lines.append(f"{len(order)} folders, {count} arrows, {up} that run up, {len(between)} circles of folders, "
                 f"{len(circles)} circles of files")
    return "\n".join(lines)


def check_tree(files: dict[str, str]) -> list[Finding]:
    return check_table(FOLDERS) + check_unused(files) + check_circles(files) + check_links(files) + check_drawing(files)
