"""python3 examples/transcribe.py CLIP [ADDRESS]: the transcript of a clip, with the standard library alone.

EARSHOT_KEY is the access key.
"""
import json
import os
import sys
import urllib.error
import urllib.request

if len(sys.argv) < 2:
    print("python3 examples/transcribe.py CLIP [ADDRESS]", file=sys.stderr)
    sys.exit(2)
clip, address = sys.argv[1], (sys.argv + ["http://127.0.0.1:8080"])[2]
headers = {"content-type": "application/octet-stream"}
if os.environ.get("EARSHOT_KEY"):
    headers["authorization"] = f"Bearer {os.environ['EARSHOT_KEY']}"
with open(clip, "rb") as audio:
    request = urllib.request.Request(f"{address}/v1/transcriptions", data=audio.read(), headers=headers)
try:
    with urllib.request.urlopen(request, timeout=60) as answer:
        print(json.load(answer)["text"])
except urllib.error.HTTPError as refusal:
    sys.exit(f"{refusal.code}: {json.load(refusal)['error']['message']}")
