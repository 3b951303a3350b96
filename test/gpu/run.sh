#!/bin/sh
# Runs everything on a GPU and writes one record; needs a driver and cuDNN 9. "run.sh --help" lists the options.
here=$(cd "$(dirname "$0")" && pwd) || exit 1
if [ ! -x "$here/node" ]; then
  if command -v xz >/dev/null; then xz -dc "$here/node.xz" >"$here/node.part"
  else python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), sys.stdout.buffer)' "$here/node.xz" >"$here/node.part"
  fi || { echo "node.xz needs xz or python3 to be unpacked" >&2; exit 1; }
  chmod +x "$here/node.part" && mv "$here/node.part" "$here/node" || exit 1
fi
exec "$here/node" "$here/test/gpu/run.mjs" "$@"
