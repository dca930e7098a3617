# SPDX-License-Identifier: Apache-2.0
# Writes a source file that has the content of FILES, in FOLDER, as the assets of assets.h. A raw string literal may have 64 KiB in
# other compilers than gcc and clang; no file of the page comes near.
#   cmake -DFOLDER=... -DFILES=a,b -DOUTPUT=... -P embed.cmake
string(REPLACE "," ";" FILES "${FILES}")
set(source "#include \"sim/inspect/assets.h\"\n\n#include <array>\n\nnamespace glovebox::inspect {\nnamespace {\n\n")
set(list "")
set(count 0)
foreach(name IN LISTS FILES)
    file(READ "${FOLDER}/${name}" content)
    string(APPEND source "constexpr std::string_view asset_${count} = R\"asset(${content})asset\";\n")
    string(APPEND list "    Asset{\"${name}\", asset_${count}},\n")
    math(EXPR count "${count} + 1")
endforeach()
string(APPEND source "constexpr std::array<Asset, ${count}> all{\n${list}};\n\n}  // namespace\n\n"
    "std::span<const Asset> assets() {\n    return all;\n}\n\n}  // namespace glovebox::inspect\n")
file(WRITE "${OUTPUT}" "${source}")
