"""The pack's answer on the server: pictures that the user loads into the painter, read as the nodes read them."""

import io
import json
import urllib.error
import urllib.parse
import urllib.request

import numpy as np
import pytest
from PIL import Image

from .server import PACK

pytestmark = pytest.mark.comfyui


def png(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def answer(server, data, taxonomy="landscape"):
    """The status, and the content of the answer or its error."""
    address = f"{server.url}/api/gan_atelier/read_label_picture?taxonomy={taxonomy}"
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data, method="POST"), timeout=60) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())["error"]


def test_ids_come_back_as_a_drawing(comfyui):
    ids = np.repeat(np.array([0, 3, 12, 16], np.uint8), 16)[:, None].repeat(80, 1)
    for image in (Image.fromarray(ids), Image.fromarray(ids.astype(np.uint16))):
        status, content = answer(comfyui, png(image))
        with Image.open(io.BytesIO(content)) as drawing:
            assert status == 200 and drawing.info["Taxonomy"] == "landscape" and drawing.mode == "P"
            assert np.array_equal(np.array(drawing), ids)


def test_what_is_no_label_map_is_refused_with_the_reason(comfyui):
    photo = (PACK / "pictures" / "mountains.jpg").read_bytes()
    for data, taxonomy, reason in (
        (photo, "landscape", "is this a photo"),
        (b"not a picture", "landscape", "this file is not a picture"),
        (b"", "landscape", "this file is not a picture"),
        (png(Image.new("1", (5000, 5000))), "landscape", "this file has 5000×5000 pixels"),
        (photo, "elsewhere", "there is no taxonomy"),
    ):
        status, error = answer(comfyui, data, taxonomy)
        assert status == 422 and reason in error


def test_the_answer_warns_of_pictures_that_are_mostly_unknown(comfyui):
    address = f"{comfyui.url}/api/gan_atelier/read_label_picture?taxonomy=landscape"
    unknown = png(Image.fromarray(np.full((64, 64), 18, np.uint8)))
    with urllib.request.urlopen(urllib.request.Request(address, unknown, method="POST"), timeout=60) as response:
        assert urllib.parse.unquote(response.headers["X-Warning"]).startswith("100 % of the pixels are unknown in")
