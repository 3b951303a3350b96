#!/usr/bin/env bash
# Installs what npm run test:platforms runs binaries of other platforms with, on Debian or Ubuntu. It skips what is missing.
set -euo pipefail
sudo apt-get update
sudo apt-get install -y --no-install-recommends \
  qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross wine64 musl-tools doctest-dev
