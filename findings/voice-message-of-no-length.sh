#!/usr/bin/env bash
# mutagen 1.48.1, tinytag 2.3.2, PyAV 14.0.1 (PyPI), Python 3.11.
#
# Behaviour: browsers record sound to MP4 in fragments, because they write while they record. Such a
# file says its length in its fragments, not in its header. Both libraries read the header alone, and
# answer 0.0 seconds: no error, and no None. Of the same sound in one piece they answer 3 seconds.
# PyAV reads both.
# Expected: the length, or something that says that it is not known.
# Way out: take 0 for "not known", and add up the samples of the boxes `trun`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mutagen==1.48.1 tinytag==2.3.2 av==14.0.1 numpy==2.2.6
cat >lengths.py <<'PYTHON'
import av
import mutagen
import numpy
from tinytag import TinyTag

RATE, SECONDS = 48_000, 3
IN_FRAGMENTS = {"movflags": "frag_keyframe+empty_moov", "frag_duration": "500000"}


def record(name: str, options: dict[str, str]) -> None:
    silence = numpy.zeros((1, RATE * SECONDS), dtype="int16")
    frame = av.AudioFrame.from_ndarray(silence, format="s16", layout="mono")
    frame.rate = RATE
    with av.open(name, "w", format="mp4", options=options) as file:
        stream = file.add_stream("aac", rate=RATE, layout="mono")
        size = stream.codec_context.frame_size
        resampler = av.AudioResampler("fltp", "mono", RATE, frame_size=size)
        for part in [*resampler.resample(frame), *resampler.resample(None), None]:
            file.mux(stream.encode(part))


for name, options in (("whole.m4a", {}), ("fragments.m4a", IN_FRAGMENTS)):
    record(name, options)
    with av.open(name) as file:
        real = file.duration / av.time_base
    of_mutagen, of_tinytag = mutagen.File(name).info.length, TinyTag.get(name).duration
    print(f"{name}: mutagen {of_mutagen:.1f}, tinytag {of_tinytag:.1f}, PyAV {real:.1f}")
PYTHON
venv/bin/python lengths.py | tee seen
cat >expected <<'EXPECTED'
whole.m4a: mutagen 3.0, tinytag 3.0, PyAV 3.0
fragments.m4a: mutagen 0.0, tinytag 0.0, PyAV 3.0
EXPECTED
diff expected seen
echo "as described"
