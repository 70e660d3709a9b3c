"""python3 examples/transcribe.py CLIP [ADDRESS]: the transcript of a clip, with the standard library alone."""
import json
import sys
import urllib.error
import urllib.request

clip, address = sys.argv[1], (sys.argv + ["http://127.0.0.1:8080"])[2]
with open(clip, "rb") as audio:
    request = urllib.request.Request(f"{address}/v1/transcriptions", data=audio.read(),
                                     headers={"content-type": "application/octet-stream"})
try:
    with urllib.request.urlopen(request, timeout=60) as answer:
        print(json.load(answer)["text"])
except urllib.error.HTTPError as refusal:
    sys.exit(f"{refusal.code}: {json.load(refusal)['error']['message']}")
