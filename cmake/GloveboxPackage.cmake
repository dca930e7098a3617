# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` adds to the program, and with GLOVEBOX_STATIC the packages that ci/package has CPack make of it: .deb and
# .rpm in two parts, `glovebox` and `glovebox-aws-names`, and one .tar.gz with both.
#
# ci/package writes the documents below build/static/documents (packaging/bill_of_materials.py).

install(FILES ${PROJECT_SOURCE_DIR}/packaging/glovebox-proxy@.service DESTINATION lib/systemd/system COMPONENT program)
install(FILES ${PROJECT_SOURCE_DIR}/ci/container/seccomp.json DESTINATION share/glovebox COMPONENT program)
if(NOT GLOVEBOX_STATIC)
    return()
endif()

set(GLOVEBOX_PACKAGE_CONTACT "Glovebox's maintainers <maintainers@glovebox.invalid>" CACHE STRING
    "Name and address of who publishes the packages")

set(documents ${CMAKE_BINARY_DIR}/documents)
install(FILES ${documents}/copyright ${documents}/third-party-licences.gz ${documents}/sbom.spdx.json ${documents}/changelog.gz
    DESTINATION share/doc/glovebox COMPONENT program)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION share/doc/glovebox COMPONENT program)
install(FILES ${PROJECT_SOURCE_DIR}/packaging/lintian-overrides DESTINATION share/lintian/overrides RENAME glovebox COMPONENT program)
install(FILES ${PROJECT_SOURCE_DIR}/packaging/names-copyright DESTINATION share/doc/glovebox-aws-names RENAME copyright
    COMPONENT names)
install(FILES ${documents}/changelog.gz DESTINATION share/doc/glovebox-aws-names COMPONENT names)

set(CPACK_PACKAGE_NAME glovebox)
set(CPACK_PACKAGE_VENDOR Glovebox)
set(CPACK_PACKAGE_CONTACT ${GLOVEBOX_PACKAGE_CONTACT})
set(CPACK_VERBATIM_VARIABLES ON)
# Each package has its own; CPack would put the project's above it.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/GloveboxPackageTimes.cmake)
set(CPACK_GENERATOR TGZ DEB RPM)
set(CPACK_COMPONENTS_ALL program names)
string(TOLOWER ${CMAKE_SYSTEM_NAME} system)
set(CPACK_PACKAGE_FILE_NAME glovebox-${PROJECT_VERSION}-${system}-${CMAKE_SYSTEM_PROCESSOR})
set(program_text "It runs programs as enclaves, with their vsock and security module, builds\nand verifies images and attestation documents, and carries an enclave's\nconnections.")
set(names_text "They are links to glovebox, which takes AWS's arguments and gives AWS's\noutput.\nAWS's own package has programs by these names: install one of the two.")

# The program is static, so it depends on nothing.
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME glovebox)
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION "AWS Nitro Enclaves on a laptop and in CI\n${program_text}")
set(CPACK_DEBIAN_NAMES_PACKAGE_NAME glovebox-aws-names)
set(CPACK_DEBIAN_NAMES_PACKAGE_DEPENDS "glovebox (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_NAMES_PACKAGE_CONFLICTS aws-nitro-enclaves-cli)
set(CPACK_DEBIAN_NAMES_DESCRIPTION "nitro-cli and vsock-proxy as names of glovebox\n${names_text}")

set(CPACK_RPM_COMPONENT_INSTALL ON)
set(CPACK_RPM_MAIN_COMPONENT program)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
# rpm of Amazon Linux 2 does not know zstd.
set(CPACK_RPM_COMPRESSION_TYPE xz)
set(CPACK_RPM_PACKAGE_LICENSE Apache-2.0)
set(CPACK_RPM_PACKAGE_AUTOREQPROV no)
set(CPACK_RPM_PROGRAM_PACKAGE_SUMMARY "AWS Nitro Enclaves on a laptop and in CI")
set(CPACK_RPM_PROGRAM_PACKAGE_DESCRIPTION ${program_text})
set(CPACK_RPM_NAMES_PACKAGE_NAME glovebox-aws-names)
set(CPACK_RPM_NAMES_PACKAGE_SUMMARY "nitro-cli and vsock-proxy as names of glovebox")
set(CPACK_RPM_NAMES_PACKAGE_DESCRIPTION ${names_text})
set(CPACK_RPM_NAMES_PACKAGE_REQUIRES "glovebox = ${PROJECT_VERSION}")
set(CPACK_RPM_NAMES_PACKAGE_CONFLICTS aws-nitro-enclaves-cli)
# Folders that other packages own. A package of the same commit has the same bytes, whoever makes it and when.
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
    /usr/lib/systemd /usr/lib/systemd/system /usr/share/man /usr/share/man/man1 /usr/share/bash-completion
    /usr/share/bash-completion/completions /usr/share/zsh /usr/share/zsh/site-functions /usr/share/fish
    /usr/share/fish/vendor_completions.d /usr/share/doc)
set(CPACK_RPM_SPEC_MORE_DEFINE "%define use_source_date_epoch_as_buildtime 1
%define clamp_mtime_to_source_date_epoch 1
%define _buildhost localhost
%define _build_id_links none
%define __os_install_post %{nil}")

include(CPack)
