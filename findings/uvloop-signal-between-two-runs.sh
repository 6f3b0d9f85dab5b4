#!/usr/bin/env bash
# uvloop 0.23.0 (PyPI), Python 3.11.
#
# Behaviour: a program gives a loop a handler with `add_signal_handler`, and runs the loop several
# times, as servers do that run their parts with `run_until_complete` and then `run_forever`. A
# signal that comes between two runs is lost: the next run does not call the handler. No default
# action happens either, because a handler is installed. Another signal later does not bring the
# first one back. The loop of asyncio calls the handler as soon as it runs again.
# Expected: as with asyncio, whose loop uvloop replaces; a SIGTERM in that gap would be heard.
# Way out: `signal.signal` with a function that calls `loop.call_soon_threadsafe`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check uvloop==0.23.0
cat >try.py <<'PYTHON'
import asyncio
import os
import signal

import uvloop


def heard(loop: asyncio.AbstractEventLoop, plain: bool) -> list[int]:
    """How many calls there were after each of three runs; the first comes between two runs, the second within one."""
    calls: list[None] = []

    def handler(*_: object) -> None:
        calls.append(None)

    def later(*_: object) -> None:
        loop.call_soon_threadsafe(handler)

    def run(signal_inside: bool = False) -> int:
        async def work() -> None:
            if signal_inside:
                os.kill(os.getpid(), signal.SIGUSR1)
            await asyncio.sleep(0.2)

        loop.run_until_complete(work())
        return len(calls)

    if plain:
        signal.signal(signal.SIGUSR1, later)
    else:
        loop.add_signal_handler(signal.SIGUSR1, handler)
    run()
    os.kill(os.getpid(), signal.SIGUSR1)
    counts = [run(), run()]
    counts.append(run(signal_inside=True))
    loop.close()
    return counts


print("asyncio, add_signal_handler:", heard(asyncio.new_event_loop(), plain=False))
print("uvloop, add_signal_handler:", heard(uvloop.new_event_loop(), plain=False))
print("uvloop, signal.signal:", heard(uvloop.new_event_loop(), plain=True))
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
asyncio, add_signal_handler: [1, 1, 2]
uvloop, add_signal_handler: [0, 0, 1]
uvloop, signal.signal: [1, 1, 2]
EXPECTED
diff expected seen
echo "as described"
