#!/usr/bin/env bash
# Usage: dev/chart/build-tools.sh [--built] TOOL...
#
# Builds tools for the Helm chart from their Go modules, at the versions below, and prints the folder of each. What was
# built once is taken again. TOOL: helm, helm-unittest, kubectl-validate, crds (those of the Prometheus operator and of
# KEDA); kube-apiserver, etcd (some minutes). With --built first: prints nothing for what is not there, and builds nothing.
set -euo pipefail

cache="${XDG_CACHE_HOME:-$HOME/.cache}/retry-orchestrator"

# build NAME MODULE VERSION PACKAGE [LINKER_FLAGS]: a module of our own around it, for `go install` refuses modules that
# replace others.
build() {
  local name=$1 module=$2 version=$3 package=$4 flags=${5:-}
  local folder="$cache/$name-${version#v}"
  if [ ! -x "$folder/$name" ]; then
    [ -z "$only_built" ] || return 0
    echo "setup: building $name ${version#v} (once)" >&2
    local work log
    work=$(mktemp -d)
    log="$work/log"
    if ! (cd "$work" && compile >"$log" 2>&1); then
      tail -20 "$log" >&2
      echo "setup: $name could not be built; the whole log is in $log" >&2
      exit 1
    fi
    # At once and whole, also where two build the same.
    mkdir -p "$cache"
    mv -T "$work/built" "$folder" 2>/dev/null || [ -x "$folder/$name" ]
    rm -rf "$work"
  fi
  echo "$folder"
}

# Sees the variables of `build`.
compile() {
  local go_mod from
  mkdir built
  go mod init tools
  go_mod=$(go mod download -json "$module@$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
  # A module's own replacements by others count only where it is the main one: said again here.
  sed -n 's|^replace \([^ ]*\) [^ ]* => \([^. ][^ ]*\) \(v[^ ]*\)$|\1=\2@\3|p' "$go_mod" | while read -r from; do
    go mod edit -replace "$from"
  done
  # Modules that lie in the same repository: published under the same number, v0.y.z for v1.y.z.
  sed -n 's|^[[:space:]]*\(k8s.io/[a-z-]*\) => \./staging/.*|\1|p' "$go_mod" | while read -r from; do
    go mod edit -replace "$from=$from@v0.${version#v1.}"
  done
  go get "$module@$version"
  CGO_ENABLED=0 go build -mod=mod -trimpath -ldflags "-s -w $flags" -o "built/$name" "$package"
}

# Definitions of the kinds that are not Kubernetes' own.
crds() {
  local folder="$cache/crds-prometheus-0.85.0-keda-2.21.0"
  if [ ! -d "$folder" ]; then
    [ -z "$only_built" ] || return 0
    local work prometheus keda
    work=$(mktemp -d)
    mkdir -p "$work/crds" "$cache"
    prometheus=$(module_folder github.com/prometheus-operator/prometheus-operator@v0.85.0)/example/prometheus-operator-crd
    keda=$(module_folder github.com/kedacore/keda/v2@v2.21.0)/config/crd/bases
    cp "$prometheus"/monitoring.coreos.com_{servicemonitors,prometheusrules}.yaml "$keda/keda.sh_scaledobjects.yaml" "$work/crds"
    chmod -R u+w "$work/crds"
    mv -T "$work/crds" "$folder" 2>/dev/null || [ -d "$folder" ]
    rm -rf "$work"
  fi
  echo "$folder"
}

module_folder() {
  (cd / && go mod download -json "$1") | sed -n 's/.*"Dir": "\(.*\)".*/\1/p'
}

only_built=
if [ "${1:-}" = --built ]; then
  only_built=yes
  shift
fi
for tool in "$@"; do
  case "$tool" in
    helm) build helm helm.sh/helm/v4 v4.3.1 helm.sh/helm/v4/cmd/helm ;;
    helm-unittest)
      build helm-unittest github.com/helm-unittest/helm-unittest v1.1.2 \
        github.com/helm-unittest/helm-unittest/cmd/helm-unittest
      ;;
    kubectl-validate) build kubectl-validate sigs.k8s.io/kubectl-validate v0.0.4 sigs.k8s.io/kubectl-validate ;;
    kube-apiserver)
      build kube-apiserver k8s.io/kubernetes v1.36.3 k8s.io/kubernetes/cmd/kube-apiserver \
        '-X k8s.io/component-base/version.gitVersion=v1.36.3'
      ;;
    crds) crds ;;
    etcd) build etcd go.etcd.io/etcd/server/v3 v3.6.8 go.etcd.io/etcd/server/v3 ;;
    *)
      echo "unknown tool: $tool" >&2
      exit 2
      ;;
  esac
done
