#!/usr/bin/env bash
# Usage: dev/setup.sh [stack | servers | python | image | chart | examples]
#
# Makes this working copy ready, and does nothing when it is. Without an argument: Node's packages with the native
# part of the Kafka client. `servers`: also what local Kafka and Redis processes need. `stack`: the same, unless
# KAFKA_BROKERS and REDIS_URL or a Docker daemon make them superfluous. `python`: what makes Python environments.
# `image`, `chart`, `examples`: `servers` and what builds and tries the image, the Helm chart, the examples.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }
die() {
  say "$*"
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Installs Debian packages as root; as anybody else prints the one line that does.
install() {
  [ $# -gt 0 ] || return 0
  local line="apt-get install -y --no-install-recommends $*"
  if ! have apt-get; then
    die "missing on this system (Debian's names): $*"
  elif [ "$(id -u)" -ne 0 ]; then
    die "please run once: sudo $line"
  fi
  say "$line"
  # A package that brings a service must not start it: the tests run servers of their own.
  local policy=/usr/sbin/policy-rc.d
  local ours=
  [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && ours=yes; }
  local log
  log=$(mktemp)
  local status=0
  { DEBIAN_FRONTEND=noninteractive apt-get update && DEBIAN_FRONTEND=noninteractive $line; } >"$log" 2>&1 ||
    status=$?
  [ -z "$ours" ] || rm -f "$policy"
  [ $status -eq 0 ] || tail -20 "$log" >&2
  rm -f "$log"
  return $status
}

check_node() {
  have node || die "Node.js 20.19 or newer is needed: https://nodejs.org"
  node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1);
  ' || die "Node.js 20.19 or newer is needed, this is $(node -v): https://nodejs.org"
}

node_packages() {
  local stamp=node_modules/.setup-complete
  local wanted
  wanted="$(node -p 'process.versions.modules + process.platform + process.arch') $(cksum <package-lock.json)"
  [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || return 0
  # Somebody who has just added a package by hand keeps the tree they have.
  if ! npm ls >/dev/null 2>&1; then
    say "installing the npm packages"
    # The one install script that matters is native_kafka_client below, which knows what to do without a network.
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  fi
  native_kafka_client
  echo "$wanted" >"$stamp"
}

native_kafka_client() {
  local client=node_modules/@confluentinc/kafka-javascript
  local loads="require('./$client')"
  node -e "$loads" 2>/dev/null && return 0

  # What was built on this machine before. It finds its libraries relative to itself, so it can be copied.
  local version built
  version=$(node -p "require('./$client/package.json').version + '-' + process.versions.modules + '-' + process.arch")
  built="${XDG_CACHE_HOME:-$HOME/.cache}/retry-orchestrator/kafka-javascript-$version"
  if [ -d "$built" ]; then
    rm -rf "$client/build"
    cp -r "$built" "$client/build"
    node -e "$loads" 2>/dev/null && return 0
    rm -rf "$client/build" "$built"
  fi

  # Asked first, and for seconds only: the download itself hangs for minutes where its host is out of reach.
  local url
  url=$(node -p "require('./$client/package.json').binary.host")
  if node -e "fetch('$url', { method: 'HEAD', signal: AbortSignal.timeout(5000) }).catch(() => process.exit(1))"; then
    say "downloading the native Kafka client"
    (cd $client && timeout 120 ../../.bin/node-pre-gyp install >/dev/null 2>&1) && node -e "$loads" && return 0
  fi

  say "building the native Kafka client (about two minutes)"
  install $(missing_build_packages)
  # Node's own headers if they are there: node-gyp downloads them otherwise.
  local prefix
  prefix=$(dirname "$(dirname "$(node -p 'process.execPath')")")
  [ ! -e "$prefix/include/node/node.h" ] || export npm_config_nodedir="$prefix"
  # The flags of the make that called us, as --keep-going, break the client's own makefiles.
  unset MAKEFLAGS MFLAGS MAKELEVEL
  local log
  log=$(mktemp)
  if ! (cd $client && CKJS_LINKING=dynamic ../../.bin/node-pre-gyp install --build-from-source >"$log" 2>&1); then
    tail -30 "$log" >&2
    die "the native Kafka client could not be built; the whole log is in $log"
  fi
  rm -f "$log"
  node -e "$loads" || die "the native Kafka client was built but does not load"

  local copy="$built.$$"
  mkdir -p "$copy/Release" "$copy/deps"
  cp "$client/build/Release/confluent-kafka-javascript.node" "$copy/Release/"
  cp "$client"/build/deps/librdkafka*.so.1 "$copy/deps/"
  mv -T "$copy" "$built" 2>/dev/null || rm -rf "$copy"
}

missing_build_packages() {
  have make || echo make
  have g++ || echo g++
  have python3 || echo python3
  have dpkg-query || return 0
  local package
  for package in libssl-dev zlib1g-dev libzstd-dev libsasl2-dev libcurl4-openssl-dev liblz4-dev; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

servers() {
  local missing=()
  have redis-server || missing+=(redis-server)
  have mvn || missing+=(maven)
  # What reads the metrics, and promtool, which checks them.
  have prometheus && have promtool || missing+=(prometheus)
  java_is_new_enough || missing+=(default-jre-headless)
  install "${missing[@]}"
}

java_is_new_enough() {
  have java || return 1
  local major
  major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')
  [ "${major:-0}" -ge 17 ]
}

# Debian has the module that makes environments in a package of its own.
python() {
  python3 -c 'import ensurepip, venv' 2>/dev/null || install python3 python3-venv
}

# What builds and runs images without a Docker daemon, and the Debian that stands in for a base image.
image_tools() {
  docker_answers || install $(have buildah || echo buildah; have podman || echo podman; have runc || echo runc
    have mmdebstrap || echo mmdebstrap
    # An older one does not know the signatures of the Debian that is wanted.
    [ -e /usr/share/keyrings/debian-archive-trixie-stable.gpg ] || echo debian-archive-keyring)
  python
}

chart_tools() {
  have promtool || install prometheus
  have go || die 'Go 1.25 or newer is needed to build the tools of the chart: https://go.dev/dl'
  dev/chart/build-tools.sh helm helm-unittest kubectl-validate crds >/dev/null
}

example_languages() {
  jdk
  python
  go_modules
}

# Debian 12's own is too old.
go_modules() {
  local version
  version=$(cd examples/go && go env GOVERSION 2>/dev/null) || version=
  if [[ ! $version =~ ^go1\.([0-9]+) ]] || [ "${BASH_REMATCH[1]}" -lt 22 ]; then
    say "Go 1.22 or newer is missing (https://go.dev/dl): the example in Go is skipped"
    return 0
  fi
  (cd examples/go && go mod download)
}

# A runtime alone does not compile.
jdk() {
  have javac || install default-jdk-headless
}

# Whether the stack comes from somewhere else, by the order of dev/stack/stack.ts.
stack_is_given() {
  [ -n "${KAFKA_BROKERS:-}" ] && [ -n "${REDIS_URL:-}" ] && return 0
  docker_answers
}

docker_answers() {
  have docker && timeout 3 docker version >/dev/null 2>&1
}

check_node
node_packages
case "${1:-}" in
  '') ;;
  stack) stack_is_given || servers ;;
  servers) servers ;;
  python) python ;;
  image)
    stack_is_given || servers
    image_tools
    ;;
  chart) chart_tools ;;
  examples) servers && example_languages ;;
  *) die "unknown argument: $1" ;;
esac
