#!/bin/sh
# Installs the tarball in release/ in Alpine, computes with it and with the golden data, on the oldest and the newest Node.js.
set -eu
cd "$(dirname "$0")/../.."
for version in 20 24; do
  docker run --rm --volume "$PWD:/work" --workdir /work "node:$version-alpine" sh -c \
    'node scripts/release/try_tarball.mjs release && node scripts/release/try_golden.mjs'
done
