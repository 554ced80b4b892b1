# The service. docs/image.md says how it is run, and what is in it. The target `demo` adds what compose.yaml plays with.
#
# Optional secrets of the build, for a network with a proxy or a registry of its own; nothing of them stays:
#   ca-certificates  the certificate authorities that npm trusts, as one PEM file
#   npmrc            an npmrc with another registry, or a token
ARG BASE=node:24-trixie-slim

FROM ${BASE} AS tools
# Debian's stable release fixes what is broken and changes nothing else: pinned versions would only miss the fixes.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates g++ libcurl4-openssl-dev liblz4-dev libsasl2-dev libssl-dev libzstd-dev make python3 zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
    NPM_CONFIG_UPDATE_NOTIFIER=false
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

# What the service needs of npm, with the native Kafka client, and without what only a build or a reader needs.
FROM tools AS packages
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=npmrc,target=/root/.npmrc \
    --mount=type=secret,id=ca-certificates,target=/etc/ssl/certs/ca-certificates.crt \
    npm ci --omit=dev --ignore-scripts
# Linked with Debian's own libraries, which its security updates reach. Built against the headers of this very Node.
RUN CKJS_LINKING=dynamic NPM_CONFIG_BUILD_FROM_SOURCE=true NPM_CONFIG_NODEDIR=/usr/local \
    npm rebuild --foreground-scripts @confluentinc/kafka-javascript
COPY dev/image/strip-packages.sh dev/image/
RUN sh dev/image/strip-packages.sh node_modules

FROM tools AS build
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=npmrc,target=/root/.npmrc \
    --mount=type=secret,id=ca-certificates,target=/etc/ssl/certs/ca-certificates.crt \
    npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY dev/copy-assets.ts dev/
COPY src src
RUN npm run build && find dist -name '*.map' -delete && find dist -name '*.d.ts' -delete

FROM ${BASE} AS service
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates libcurl4t64 liblz4-1 libsasl2-2 libssl3t64 libzstd1 zlib1g \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/cache/ldconfig /var/log/apt /var/log/*.log \
    # Nobody becomes somebody else here.
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    # Nothing is installed here any more: what installs would only be one more thing to keep free of holes.
    && rm -rf /usr/local/lib/node_modules /usr/local/include /opt/yarn* /usr/local/bin/docker-entrypoint.sh \
        /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
# A thread of libuv waits in each poll of a Kafka consumer, and there are several of them a route; files and names need some as well.
ENV NODE_ENV=production \
    UV_THREADPOOL_SIZE=64
# A number, so that Kubernetes sees that it is not root. Nobody has it, and any other will do.
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["node", "/app/dist/cli.js", "health", "--config", "/etc/retry-orchestrator/config.yaml"]
ENTRYPOINT ["node", "/app/dist/cli.js"]
CMD ["serve", "--config", "/etc/retry-orchestrator/config.yaml"]
# Last, for they change with every commit.
ARG VERSION=
ARG REVISION=
ARG SOURCE=
LABEL org.opencontainers.image.title="retry-orchestrator" \
    org.opencontainers.image.description="Delayed retries for Apache Kafka that keep the order of every key" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.source="${SOURCE}"

# Applications that use the service, for compose.yaml. Node runs their TypeScript as it is.
FROM service AS demo
COPY src src
COPY dev dev
HEALTHCHECK NONE
ENTRYPOINT ["node"]
CMD ["dev/orders/main.ts"]

# What is built where no target is named.
FROM service
