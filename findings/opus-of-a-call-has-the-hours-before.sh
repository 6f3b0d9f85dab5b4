#!/usr/bin/env bash
# mutagen 1.48.1, tinytag 2.3.2, PyAV 14.0.1 (PyPI), Python 3.11; music-metadata 12.1.0 (npm), Node 20.
#
# Behaviour: in Ogg each page says at which sample it ends, counted from the begin of the stream. A recording
# that is cut out of a stream, such as the last seconds of a call or of a live room, may begin at any number
# (RFC 7845, section 4.5). All three libraries take the last number for the length: three seconds after an hour
# of talk are 3603 seconds. Players show the same for such a file, and then play three seconds. Files from a
# browser's recorder begin at 0 and are right.
# Expected: the last number less the one at which the first page begins.
# Way out: add up the samples of the packets, or take the begin off, as PyAV gives it (`start_time`).
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund music-metadata@12.1.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mutagen==1.48.1 tinytag==2.3.2 av==14.0.1 numpy==2.2.6
cat >lengths.py <<'PYTHON'
import av
import mutagen
import numpy
from tinytag import TinyTag

RATE, SECONDS = 48_000, 3


def record(name: str, begin: int) -> None:
    noise = numpy.random.default_rng(1).integers(-3000, 3000, (1, RATE * SECONDS)).astype("int16")
    frame = av.AudioFrame.from_ndarray(noise, format="s16", layout="mono")
    frame.rate = RATE
    with av.open(name, "w", format="ogg") as file:
        stream = file.add_stream("libopus", rate=RATE, layout="mono")
        resampler = av.AudioResampler(stream.codec_context.format.name, "mono", RATE, frame_size=960)
        at = begin * RATE
        for part in resampler.resample(frame) + resampler.resample(None):
            part.pts, at = at, at + part.samples
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))


for name, begin in (("begin.ogg", 0), ("hour.ogg", 3600)):
    record(name, begin)
    with av.open(name) as file:
        samples = sum(frame.samples for frame in file.decode(audio=0))
    of_mutagen, of_tinytag = mutagen.File(name).info.length, TinyTag.get(name).duration
    print(f"{name}: samples {samples / RATE:.0f} s, mutagen {of_mutagen:.0f} s, tinytag {of_tinytag:.0f} s")
PYTHON
cat >lengths.mjs <<'LENGTHS'
import { parseFile } from "music-metadata";

for (const name of ["begin.ogg", "hour.ogg"]) {
  const { format } = await parseFile(name, { duration: true });
  console.log(`${name}: music-metadata ${format.duration.toFixed(0)} s`);
}
LENGTHS
{ venv/bin/python lengths.py; node lengths.mjs; } | tee seen
cat >expected <<'EXPECTED'
begin.ogg: samples 3 s, mutagen 3 s, tinytag 3 s
hour.ogg: samples 3 s, mutagen 3603 s, tinytag 3603 s
begin.ogg: music-metadata 3 s
hour.ogg: music-metadata 3603 s
EXPECTED
diff expected seen
echo "as described"
