# SPDX-License-Identifier: MIT
# Makes the pictures beside it with Pillow: kinds of files that a collection from the internet holds.
# python3 make_pictures.py FOLDER   (prints the version of Pillow it ran with)
import sys, pathlib, struct, zlib
import numpy as np, PIL
from PIL import Image
out = pathlib.Path(sys.argv[1])
y, x = np.mgrid[0:24, 0:32]
rgb = np.stack([x * 8, y * 10, 255 - x * 4 - y * 4], -1).astype(np.uint8)
im = Image.fromarray(rgb)
im.save(out / "rgb.png")
Image.open(out / "rgb.png").convert("CMYK").save(out / "cmyk.jpg", quality=95)
Image.open(out / "cmyk.jpg").convert("RGB").save(out / "cmyk.png")
im.save(out / "plain.bmp")
im.convert("L").save(out / "grey.bmp")
im.convert("L").save(out / "grey.png")
im.quantize(16, dither=0).save(out / "still.gif")
frames = [im.quantize(16, dither=0), Image.new("RGB", im.size, (255, 0, 0)).quantize(2)]
frames[0].save(out / "animated.gif", save_all=True, append_images=frames[1:], duration=100)
Image.open(out / "animated.gif").convert("RGB").save(out / "animated_first.png")
Image.fromarray((x * 2000 + y).astype(np.uint16)).save(out / "grey16.png")
Image.fromarray((((x * 2000 + y) >> 8)).astype(np.uint8)).convert("RGB").save(out / "grey16_high.png")
la = np.stack([rgb[..., 0], np.full_like(rgb[..., 0], 9)], -1)
Image.fromarray(la, "LA").save(out / "grey_alpha.png")
Image.fromarray(la, "LA").convert("RGB").save(out / "grey_alpha_dropped.png")
Image.new("RGB", (1, 1), (10, 200, 30)).save(out / "one_pixel.png")
im.save(out / "progressive.jpg", quality=95, progressive=True)
Image.open(out / "progressive.jpg").convert("RGB").save(out / "progressive.png")

# Kinds that Pillow reads and does not write.
def chunk(tag, data):
    return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))
def png(name, kind, depth, passes, between=b""):
    """passes: of each pass its rows of bytes; seven of them are an interlaced picture"""
    raw = b"".join(b"\0" + bytes(row) for rows in passes for row in rows)
    header = struct.pack(">IIBBBBB", 32, 24, depth, kind, 0, 0, int(len(passes) == 7))
    (out / name).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + between +
                             chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))
adam7 = [(0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2), (1, 2, 0, 1)]
png("interlaced.png", 2, 8, [[row.tobytes() for row in rgb[a::b, c::d]] for a, b, c, d in adam7])
png("rgb16.png", 2, 16, [[(row.astype(">u2") * 256 + 77).astype(">u2").tobytes() for row in rgb]])
im.quantize(4, dither=0).save(out / "palette_clear.png", bits=2, transparency=1)
im.convert("1", dither=0).save(out / "one_bit.png")
line = np.stack([np.arange(20000) // 80, np.arange(20000) % 256, np.full(20000, 9)], -1).astype(np.uint8)[None]
Image.fromarray(line).save(out / "wide.png", optimize=True)
Image.fromarray(line // 8 * 8).save(out / "wide.jpg", quality=90)
Image.fromarray(line.swapaxes(0, 1)).save(out / "tall.png", optimize=True)
# The same bytes as cmyk.jpg, marked as YCCK.
cmyk = (out / "cmyk.jpg").read_bytes()
at = cmyk.index(b"Adobe") + 11
(out / "ycck.jpg").write_bytes(cmyk[:at] + b"\2" + cmyk[at + 1:])
for name in ("interlaced.png", "rgb16.png", "palette_clear.png", "one_bit.png", "ycck.jpg", "wide.jpg"):
    Image.open(out / name).convert("RGB").save(out / (name + ".rgb.png"), optimize=True)

print(PIL.__version__)
