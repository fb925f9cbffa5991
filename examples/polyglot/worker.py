"""A worker in Python's standard library, written from docs/protocol.md: requests, errors, progress and cancellation."""

import asyncio
import json
import math
import os
import socket

HANDLERS = {}


def handler(function):
    HANDLERS[function.__name__] = function
    return function


@handler
async def isPrime(payload, progress):
    number = payload["number"]
    if number < 0:
        raise ValueError(f"{number} is negative")
    for divisor in range(2, math.isqrt(number) + 1):
        if divisor % 100_000 == 0:
            progress({"tried": divisor})
            await asyncio.sleep(0)  # lets other requests, and a cancel, have their turn
        if number % divisor == 0:
            return {"prime": False, "divisor": divisor}
    return {"prime": number > 1}


@handler
async def sleep(payload, progress):
    await asyncio.sleep(payload["ms"] / 1000)


async def main():
    channel = socket.socket(fileno=int(os.environ.pop("ISOLATED_WORKERS_CHANNEL").removeprefix("fd:")))
    os.environ.pop("ISOLATED_WORKERS_LIFELINE", None)
    reader, writer = await asyncio.open_connection(sock=channel, limit=1 << 26)
    running = {}

    def write(**message):
        writer.write(json.dumps(message).encode() + b"\n")

    async def answer(name, tx, payload):
        progress = lambda value: write(kind="progress", tx=tx, payload=value)
        try:
            write(type=f"{name}Result", tx=tx, payload=await HANDLERS[name](payload, progress))
        except Exception as error:
            write(type=f"{name}Error", tx=tx, payload={"name": type(error).__name__, "message": str(error)})
        finally:
            del running[tx]

    hello = json.loads(await reader.readline())
    assert hello["protocol"] == 1 and hello["serializer"] == "json"
    write(kind="hello", protocol=1, serializer="json", terminator="\n", extensions=["cancel"])
    while line := await reader.readline():
        message = json.loads(line)
        kind, name, tx = message.get("kind"), message.get("type"), message.get("tx")
        if kind == "close":
            break
        if kind == "cancel" and tx in running:
            running[tx].cancel()
        elif kind is None and name in HANDLERS:
            running[tx] = asyncio.create_task(answer(name, tx, message.get("payload")))
        elif kind is None:
            unknown = {"name": "WorkerError", "code": "ERR_UNKNOWN_MESSAGE_TYPE", "message": f'no handler for "{name}"'}
            write(type=f"{name}Error", tx=tx, payload=unknown)
    await asyncio.gather(*running.values(), return_exceptions=True)
    await writer.drain()


asyncio.run(main())
