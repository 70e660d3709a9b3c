"""python3 examples/openai_client.py CLIP [ADDRESS]: the segments of a clip with their times, with OpenAI's client.

It needs "pip install openai". It sends EARSHOT_KEY as the access key; a service without keys ignores it.
"""
import os
import sys

from openai import APIError, OpenAI

if len(sys.argv) < 2:
    print("python3 examples/openai_client.py CLIP [ADDRESS]", file=sys.stderr)
    sys.exit(2)
clip, address = sys.argv[1], (sys.argv + ["http://127.0.0.1:8080"])[2]
client = OpenAI(base_url=f"{address}/v1", api_key=os.environ.get("EARSHOT_KEY") or "none")
try:
    with open(clip, "rb") as audio:
        answer = client.audio.transcriptions.create(model="whisper-1", file=audio, response_format="verbose_json")
except APIError as failure:
    sys.exit(failure.message)
for segment in answer.segments or []:
    print(f"{segment.start:.2f} {segment.end:.2f} {segment.text.strip()}")
