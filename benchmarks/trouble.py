"""The networks that benchmarks/fetching.py asks: one IMAP server and three that speak JSON over HTTP, all on this machine.

Each account is well, slow, failing or stuck, and which it is moves on by the clock; every knock is noted with its time.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time

SLOW_SECONDS = 10.0  # before a slow account is answered
TROUBLE_MOVES_SECONDS = 600.0  # then other accounts are slow and failing
MESSAGE_EVERY_SECONDS = 900.0  # in each account
SLOW_SHARE, FAILING_SHARE = 0.10, 0.05


class World:
    """All accounts and what ails them. `scale` is how many seconds of the story pass in one second here."""

    def __init__(self, scale: float, down_from_seconds: float, down_kind: str) -> None:
        self.scale, self.down_from, self.down_kind = scale, down_from_seconds, down_kind
        self.began = time.time()
        self.knocks: list[tuple[str, float, str, int]] = []

    def story_seconds(self) -> float:
        return (time.time() - self.began) * self.scale

    def ails(self, account: str) -> str:
        """What is wrong with an account just now: nothing, slow, failing at once, or stuck without a word."""
        if account.startswith(f"{self.down_kind}-") and self.story_seconds() >= self.down_from:
            return "stuck"
        dice = random.Random(f"{account} {int(self.story_seconds() // TROUBLE_MOVES_SECONDS)}").random()
        if dice < SLOW_SHARE:
            return "slow"
        if dice < SLOW_SHARE + FAILING_SHARE:
            return "failing" if dice < SLOW_SHARE + FAILING_SHARE / 2 else "stuck"
        return ""

    def messages(self, account: str) -> int:
        """How many messages there are in an account by now."""
        phase = random.Random(account).random()
        return int(self.story_seconds() / MESSAGE_EVERY_SECONDS + phase)

    async def knock(self, account: str) -> bool:
        """Note a visit, and let the account be as it is: False means hang up."""
        ails = self.ails(account)
        self.knocks.append((account, self.story_seconds(), ails, self.messages(account)))
        if ails == "stuck":
            await asyncio.sleep(3600)
        if ails == "slow":
            await asyncio.sleep(SLOW_SECONDS / self.scale)
        return ails != "failing"


def mail(account: str, number: int) -> bytes:
    """One mail, always the same for the same number."""
    head = f"From: Resident {number} <r{number}@resident.example>\r\nTo: {account}@bench.example\r\nSubject: Question {number}\r\n"
    return f"{head}Message-ID: <{account}.{number}@resident.example>\r\n\r\nWhen is my bin collected? {number}\r\n".encode()


class Imap:
    """As much of IMAP as reading one folder by UID needs."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        account = ""
        writer.write(b"* OK ready\r\n")
        while line := await reader.readline():
            tag, command, rest = [*line.decode().strip().split(" ", 2), "", ""][:3]
            if command == "UID":
                command, _, rest = rest.partition(" ")
            if command == "LOGIN":
                account = rest.split(" ")[0].strip('"')
                if not await self.world.knock(account):
                    break
            for answer in getattr(self, f"_{command.lower()}", self._nothing)(account, rest):
                writer.write(answer)
            writer.write(f"{tag} OK done\r\n".encode())
            await writer.drain()
            if command == "LOGOUT":
                break
        writer.close()

    def _nothing(self, _account: str, _rest: str) -> list[bytes]:
        return []

    def _capability(self, _account: str, _rest: str) -> list[bytes]:
        return [b"* CAPABILITY IMAP4rev1\r\n"]

    def _examine(self, account: str, _rest: str) -> list[bytes]:
        there = self.world.messages(account)
        return [b"* %d EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT %d] ok\r\n" % (there, there + 1)]

    def _search(self, account: str, rest: str) -> list[bytes]:
        first = int(rest.split("UID ")[1].split(":", maxsplit=1)[0])
        uids = range(first, self.world.messages(account) + 1)
        return [b"* SEARCH" + b"".join(b" %d" % uid for uid in uids) + b"\r\n"]

    def _fetch(self, account: str, rest: str) -> list[bytes]:
        answers = []
        for uid in map(int, rest.split(" ", maxsplit=1)[0].split(",")):
            content = mail(account, uid)
            taken = time.strftime("%d-%b-%Y %H:%M:%S +0000", time.gmtime()).encode()
            body = b' INTERNALDATE "%b" BODY[] {%d}\r\n%b' % (taken, len(content), content)
            answers.append(
                b"* %d FETCH (UID %d RFC822.SIZE %d%b)\r\n" % (uid, uid, len(content), body if "BODY" in rest else b"")
            )
        return answers


async def web(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """GET /account/after answers what came after that number, as JSON."""
    asked = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ")[1]
    _, account, after = asked.split("/")
    if await world.knock(account):
        items = [{"id": n, "text": f"Question {n}"} for n in range(int(after) + 1, world.messages(account) + 1)]
        body = json.dumps(items).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body))
        await writer.drain()
    writer.close()


async def main(scale: float, down_from: float, down_kind: str) -> None:
    """Serve until standard input ends, then print every knock."""
    world = World(scale, down_from, down_kind)
    imap = await asyncio.start_server(Imap(world).serve, "127.0.0.1", 0, backlog=1000)
    http = await asyncio.start_server(lambda r, w: web(world, r, w), "127.0.0.1", 0, backlog=1000)
    print(json.dumps([one.sockets[0].getsockname()[1] for one in (imap, http)]), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(json.dumps(world.knocks), flush=True)
    os._exit(0)  # with whoever still waits


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), float(sys.argv[2]), sys.argv[3]))
