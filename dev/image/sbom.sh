#!/usr/bin/env bash
# Usage: sbom.sh [FILE]
#
# Writes which packages run in production, with versions, licences and digests, as CycloneDX. Default: dist/sbom.json
set -euo pipefail
cd "$(dirname "$0")/../.."

file=${1:-dist/sbom.json}
mkdir -p "$(dirname "$file")"
npx --yes --package @cyclonedx/cyclonedx-npm@6.0.1 cyclonedx-npm \
  --omit dev --output-reproducible --output-format JSON --output-file "$file"
echo "sbom: $file" >&2
