# SPDX-License-Identifier: Apache-2.0
#
# The image of Tributary. It takes what `make image` has prepared for each architecture below bin/image, where nothing
# has to be fetched or compiled, and gives what the archive of `make image` holds:
#
#   make image
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg VERSION=0.1.0 --build-arg REVISION=$(git rev-parse HEAD) .

FROM scratch

ARG TARGETARCH
ARG VERSION
ARG REVISION
ARG CREATED

LABEL org.opencontainers.image.title="tributary" \
      org.opencontainers.image.description="OpenTelemetry-native log collector that never loses a line" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/tributary-otel/tributary" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"

# Certificate authorities, configurations, and the names of upstream's commands as links to ours.
COPY bin/image/${TARGETARCH}/base/ /
# A state folder that the user may write, for whoever mounts none.
COPY --chown=65532:0 bin/image/${TARGETARCH}/state/ /var/lib/
# Last, so that what changes with each version is one layer.
COPY bin/image/${TARGETARCH}/binary/ /

# Nobody of the host, in the group that may read the log files of containerd.
USER 65532:0
WORKDIR /
# OTLP over gRPC and HTTP, metrics, health.
EXPOSE 4317 4318 8888 13133
ENTRYPOINT ["/tributary"]
CMD ["--config=/etc/tributary/kubernetes.yaml", "--config=/etc/tributary/backends/debug.yaml"]
