#!/bin/sh
# sh examples/transcribe.sh CLIP [ADDRESS]: the transcript of a clip, with curl. EARSHOT_KEY is the access key; curl
# reads it from standard input, because the list of processes shows arguments.
set -eu
if [ $# -eq 0 ]; then
  echo "sh examples/transcribe.sh CLIP [ADDRESS]" >&2
  exit 2
fi
address="${2:-http://127.0.0.1:8080}"
if [ -n "${EARSHOT_KEY:-}" ]; then echo "Authorization: Bearer $EARSHOT_KEY"; fi |
  curl --fail-with-body --silent --show-error --header @- --form file=@"$1" --form model=whisper-1 \
    --form response_format=text "$address/v1/audio/transcriptions"
