# SPDX-License-Identifier: Apache-2.0
# docker build -f ci/container/postgresql.Dockerfile -t glovebox-postgresql:local .
#
# The image of Dockerfile with a glovebox whose KMS can keep keys in PostgreSQL. libpq is not static in Debian, so the image also has the
# libraries that the program needs.
FROM debian:bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates
COPY . /source
WORKDIR /source
RUN ci/setup build postgresql && ci/build postgresql glovebox && strip build/postgresql/glovebox && \
    ci/container/image-tree build/postgresql/glovebox /tree

FROM scratch
COPY --from=build /tree /
ENV PATH=/usr/bin
ENTRYPOINT ["/usr/bin/glovebox"]
CMD ["--help"]
