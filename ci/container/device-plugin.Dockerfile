# SPDX-License-Identifier: Apache-2.0
# docker build -f ci/container/device-plugin.Dockerfile -t glovebox-device-plugin:local .
#
# The image of Dockerfile with the device plugin beside glovebox, which it gives to the containers of its node.
FROM debian:bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates
COPY . /source
WORKDIR /source
RUN GLOVEBOX_DEVICE_PLUGIN=ON ci/package && ci/container/image-tree build/package/glovebox /tree && \
    install -m 755 build/package/glovebox-device-plugin /tree/usr/bin/glovebox-device-plugin

FROM scratch
COPY --from=build /tree /
ENV PATH=/usr/bin
ENTRYPOINT ["/usr/bin/glovebox-device-plugin"]
