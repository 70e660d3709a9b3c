#!/bin/sh
# sh examples/transcribe.sh CLIP [ADDRESS]: the transcript of a clip, with curl.
set -eu
address="${2:-http://127.0.0.1:8080}"
curl --fail-with-body --silent --show-error --form file=@"$1" --form model=whisper-1 --form response_format=text \
  "$address/v1/audio/transcriptions"
