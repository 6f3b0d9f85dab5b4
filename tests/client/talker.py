"""A program that says numbers until it is killed: `talker.py URL TOKENS STORAGE CONVERSATION`.

TOKENS is a file with the access token. Each number that is in the storage is printed.
"""

import asyncio
import sys
from pathlib import Path

from payam_client import FileStorage, Payam, Tokens


async def main(url: str, tokens: Tokens, storage: str, conversation: int, first: int) -> None:
    async with Payam(url, tokens=tokens, trust_env=False) as payam:
        account = payam.account(FileStorage(storage))
        for number in range(first, first + 100_000):
            await account.send(conversation, str(number)).saved()
            print(number, flush=True)
            await asyncio.sleep(0.01)  # the server has its limits on


if __name__ == "__main__":
    url, tokens, storage, conversation, first = sys.argv[1:]
    access, refresh = Path(tokens).read_text(encoding="utf-8").split()
    asyncio.run(main(url, Tokens(access, refresh), storage, int(conversation), int(first)))
