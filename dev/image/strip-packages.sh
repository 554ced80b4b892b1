#!/bin/sh
# Usage: strip-packages.sh NODE_MODULES
#
# Removes what a running service never reads from its packages: sources of native code and what builds left of them,
# type declarations, source maps, documentation, tests. Licences stay.
set -eu
cd "$1"

client=@confluentinc/kafka-javascript
mkdir kept
cp -L $client/build/Release/confluent-kafka-javascript.node $client/build/deps/librdkafka*.so.1 kept/
rm -rf $client/build $client/deps $client/src $client/scripts $client/util
mkdir -p $client/build/Release $client/build/deps
mv kept/*.node $client/build/Release/
mv kept/*.so.1 $client/build/deps/
rmdir kept
strip --strip-unneeded $client/build/Release/*.node $client/build/deps/*.so.1

find . -depth -type d \( -name test -o -name tests -o -name __tests__ -o -name benchmark -o -name benchmarks -o -name .github \) \
  -exec rm -rf {} +
find . -type f \( \
  -name '*.c' -o -name '*.cc' -o -name '*.cpp' -o -name '*.h' -o -name '*.gyp' -o -name '*.gypi' -o -name '*.py' -o \
  -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.tsbuildinfo' -o \
  -iname '*.md' -o -name Makefile -o -name .package-lock.json \
  \) ! -iname 'licen[cs]e*' ! -iname 'copying*' -delete
find . -type d -empty -delete
