# SPDX-License-Identifier: Apache-2.0
# CPack runs this before it packs: each file has the time of the commit. rpm by itself only makes later times earlier.

execute_process(COMMAND find ${CPACK_TEMPORARY_INSTALL_DIRECTORY} -exec touch --no-dereference --date=@$ENV{SOURCE_DATE_EPOCH} {} +
    COMMAND_ERROR_IS_FATAL ANY)
