#!/usr/bin/env bash
# Usage: base-image.sh NAME BUILDAH...
#
# Makes what stands in for Docker's image of Node where no registry can be reached, unless it is there: Debian from its
# mirror, Node and npm from npm's registry, and no more. BUILDAH is the command with its options.
set -euo pipefail
name=$1
shift

[ -z "$("$@" images --quiet --filter "reference=$name")" ] || exit 0

release=${name##*:}
node=${release%%-*}
suite=$(cut -d- -f2 <<<"$release")
echo "image: making $name of Debian's $suite and npm's node (a minute, once)" >&2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# This machine's own mirror, which may be the only one that it reaches.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
  grep -v '^#' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -1 | tr -d ' ' || true)
mirror=${mirror:-http://deb.debian.org/debian}
mirror=${mirror%/}
mmdebstrap --quiet --variant=minbase "$suite" debian.tar \
  "deb $mirror $suite main" "deb $mirror $suite-updates main" "deb $mirror-security $suite-security main"

npm pack --silent "node-linux-$(node -p process.arch)@$node" >node
npm pack --silent npm@11 >npm

container=$("$@" from scratch)
"$@" add "$container" debian.tar / >/dev/null
root=$("$@" mount "$container")
tar xzf "$(cat node)" -C "$root/usr/local" --strip-components=1 package/bin package/include
# As in Docker's image: the headers of other processors are 34 MB.
find "$root/usr/local/include/node/openssl/archs" -mindepth 1 -maxdepth 1 ! -name 'linux-*' -exec rm -r {} +
modules=$root/usr/local/lib/node_modules
mkdir -p "$modules/npm"
tar xzf "$(cat npm)" -C "$modules/npm" --strip-components=1
for program in npm npx; do
  ln -s "../lib/node_modules/npm/bin/$program-cli.js" "$root/usr/local/bin/$program"
done
"$@" umount "$container" >/dev/null
"$@" commit --quiet --rm --format docker "$container" "$name" >/dev/null
