"""Answers of ComfyUI's server to the pages of the pack."""

import asyncio
import logging
from collections.abc import Callable
from urllib.parse import quote

from server import PromptServer

MOST_BYTES = 1 << 27
UNUSABLE = 422
TOO_LARGE = 413

log = logging.getLogger("GAN Atelier")


def answer_posts(path: str, work: Callable[[bytes, str], tuple[bytes, str]], argument: str, content_type: str) -> None:
    """Makes the server answer POST requests to a path, if there is a server.

    A warning is in the header ``X-Warning`` of the answer, percent-encoded.

    The answer to a ValueError of ``work`` has the status 422, and to more than 128 MiB 413. Its JSON content is
    ``{"error": sentence}``.

    Args:
        path: such as ``"/gan_atelier/name"``; the server offers it below ``/api`` too.
        work: makes the content of the answer and a warning for the user, which may be empty, from the content of the
            request, in a thread of its own.
        argument: the name of the query's value that ``work`` gets as its second argument.
        content_type: of the answer.
    """
    routes = getattr(getattr(PromptServer, "instance", None), "routes", None)
    if routes is None:
        return
    from aiohttp import web  # comes with the server

    @routes.post(path)
    async def answer(request: web.Request) -> web.Response:
        data = bytearray()
        async for part in request.content.iter_chunked(1 << 16):
            data += part
            if len(data) > MOST_BYTES:
                error = f"the file has more than {MOST_BYTES >> 20} MiB; make it smaller"
                return web.json_response({"error": error}, status=TOO_LARGE)
        try:
            content, warning = await asyncio.to_thread(work, bytes(data), request.query.get(argument, ""))
        except ValueError as error:
            log.info("%s: %s", path, error)
            return web.json_response({"error": str(error)}, status=UNUSABLE)
        headers = {"X-Warning": quote(warning)} if warning else None
        return web.Response(body=content, content_type=content_type, headers=headers)
