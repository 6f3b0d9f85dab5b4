#!/usr/bin/env bash
# limits 5.8.0 (PyPI), Python 3.11.
#
# Behaviour: a hit with a cost that does not fit is refused by all three strategies. The fixed window
# counts it in spite of that, so smaller hits that would still fit are refused until the window ends,
# and one hit above the limit locks out somebody who has used nothing. The moving window and the
# sliding counter count only what they let in. So one changed word in a setting changes who is let in,
# for a client that tries something large first, such as an upload, and then something small.
# Expected: the strategies differ in how the window moves. A refusal costs the same in each.
# Way out: take one of the other two where costs differ, or call `test` before `hit`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check limits==5.8.0
cat >try.py <<'TRY'
from limits import RateLimitItemPerHour, storage, strategies

LIMIT = RateLimitItemPerHour(5)
for strategy in (
    strategies.FixedWindowRateLimiter,
    strategies.MovingWindowRateLimiter,
    strategies.SlidingWindowCounterRateLimiter,
):
    limiter = strategy(storage.MemoryStorage())
    print(strategy.__name__)
    print("  costs 3, 3, 2:", [limiter.hit(LIMIT, "ali", cost=cost) for cost in (3, 3, 2)])
    print("  costs 6, 1:   ", [limiter.hit(LIMIT, "sara", cost=cost) for cost in (6, 1)])
TRY
venv/bin/python -W ignore try.py | tee seen
cat >expected <<'EXPECTED'
FixedWindowRateLimiter
  costs 3, 3, 2: [True, False, False]
  costs 6, 1:    [False, False]
MovingWindowRateLimiter
  costs 3, 3, 2: [True, False, True]
  costs 6, 1:    [False, True]
SlidingWindowCounterRateLimiter
  costs 3, 3, 2: [True, False, True]
  costs 6, 1:    [False, True]
EXPECTED
diff expected seen
echo "as described"
