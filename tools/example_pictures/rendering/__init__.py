"""A small landscape renderer in numpy: what the example pictures of the pack are made with.

All modules work on float32 arrays in linear light; `film` turns the result into an 8-bit picture.
World coordinates are metres: x to the right, y up, z away from the camera.
"""
