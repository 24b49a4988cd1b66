# SPDX-License-Identifier: MIT
# Makes rare_pictures.npz beside it: files of rare kinds, "NAME" (1, bytes), and what Pillow shows of each, "NAME.rgb"
# (H, W, 3); of names that begin with "refused" there is none. Needs cjpeg of libjpeg-turbo.
# python3 make_rare_pictures.py FOLDER   (prints the version of Pillow it ran with)
import io, pathlib, struct, subprocess, sys, zipfile, zlib
import numpy as np, PIL
from PIL import Image

random = np.random.default_rng(1)
files = {}


def smooth(height, width, channels):
    small = random.integers(0, 256, (height // 4 + 2, width // 4 + 2, channels)).astype(np.uint8)
    return Image.fromarray(small, "RGB" if channels == 3 else "CMYK").resize((width, height), Image.BICUBIC)


def saved(picture, kind, **options):
    to = io.BytesIO()
    picture.save(to, kind, **options)
    return to.getvalue()


def cjpeg(picture, *arguments):
    return subprocess.run(["cjpeg", "-optimize", *arguments], input=saved(picture, "PPM"), stdout=subprocess.PIPE,
                          check=True).stdout


# JPEG: chroma of fewer samples, at all edges.
for sample, widths in (("2x1", [*range(1, 20), 31, 32, 33, 63, 64, 65, 66, 70]), ("2x2", [1, 2, 3, 4, 5, 6, 17, 33, 66]),
                       ("1x2", [1, 2, 5, 16, 33]), ("4x1", [1, 3, 5, 9, 33]), ("4x2", [9, 33]), ("1x4", [9]), ("2x4", [9])):
    for width in widths:
        for height in (1, 2, 5) if width == 5 else (5 + width % 2,):
            files[f"{sample}_{width}x{height}.jpg"] = cjpeg(smooth(height, width, 3), "-quality", "90", "-sample",
                                                           sample + ",1x1,1x1", *["-progressive"] * (width % 3 == 0))


# JPEG: what the colours mean, by the segments JFIF and Adobe and by the components' names.
def without_segments(jpeg):
    kept, at = jpeg[:2], 2
    while jpeg[at + 1] != 0xda:
        size = 2 + struct.unpack(">H", jpeg[at + 2:at + 4])[0]
        if jpeg[at + 1] not in (0xe0, 0xee):
            kept += jpeg[at:at + size]
        at += size
    return kept + jpeg[at:]


def adobe(transform):
    return b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([transform])


jfif = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
marks = {"plain": b"", "adobe0": adobe(0), "adobe1": adobe(1), "adobe2": adobe(2), "adobe3": adobe(3), "jfif": jfif,
         "jfif_adobe0": jfif + adobe(0), "twice": adobe(2) + adobe(0)}
for kind, jpeg in (("cmyk", saved(smooth(9, 19, 4), "JPEG", quality=92)),
                   ("cmyk420", saved(smooth(9, 19, 4), "JPEG", quality=92, subsampling=2)),
                   ("ycc", cjpeg(smooth(9, 19, 3), "-quality", "92")), ("rgb", cjpeg(smooth(9, 19, 3), "-rgb"))):
    bare = without_segments(jpeg)
    for mark, segment in marks.items():
        files[f"{kind}_{mark}.jpg"] = bare[:2] + segment + bare[2:]
        if kind not in ("ycc", "rgb"):
            continue
        frame, scan, letters = bare.index(b"\xff\xc0"), bare.index(b"\xff\xda"), bytearray(bare)
        for i, letter in enumerate(b"RGB"):
            letters[frame + 10 + 3 * i] = letters[scan + 5 + 2 * i] = letter
        files[f"{kind}_letters_{mark}.jpg"] = bytes(letters[:2]) + segment + bytes(letters[2:])


# GIF
def lzw(indices, bits):
    clear, codes = 1 << bits, []
    words, current = {(i,): i for i in range(clear)}, ()
    codes.append(clear)
    for index in indices:
        longer = current + (int(index),)
        if longer in words:
            current = longer
            continue
        codes.append(words[current])
        if len(words) + 2 < 4096:
            words[longer] = len(words) + 2
        elif random.random() < 0.3:
            codes.append(clear)
            words = {(i,): i for i in range(clear)}
        current = (int(index),)
    codes += [words[current], clear + 1]
    return codes


def gif_data(codes, bits):
    value = held = 0
    out, width, entries, before = bytearray(), bits + 1, (1 << bits) + 2, False
    for code in codes:
        value |= code << held
        held += width
        while held >= 8:
            out.append(value & 255)
            value >>= 8
            held -= 8
        if code == 1 << bits:
            width, entries, before = bits + 1, (1 << bits) + 2, False
        else:
            if before and entries < 4096:
                entries += 1
                width += entries == 1 << width and width < 12
            before = True
    out += bytes([value & 255]) * (held > 0)
    blocks = b"".join(bytes([len(out[i:i + 255])]) + out[i:i + 255] for i in range(0, len(out), 255))
    return bytes([bits]) + blocks + b"\0"


def gif(canvas, box, bits, codes, colours=None, local=None, transparent=None, interlaced=False, background=0):
    out = b"GIF89a" + struct.pack("<HHBBB", *canvas, 0x80 | bits - 1 if colours else 0, background, 0) + (colours or b"")
    if transparent is not None:
        out += b"\x21\xf9\4\1\0\0" + bytes([transparent]) + b"\0"
    out += b"," + struct.pack("<HHHHB", *box, (0x80 | bits - 1 if local else 0) | 0x40 * interlaced) + (local or b"")
    return out + gif_data(codes, max(bits, 2)) + b";"


for k in range(28):
    width, height, bits = int(random.integers(1, 40)), int(random.integers(1, 30)), k % 8 + 1
    w, h = (width, height) if k % 2 else (int(random.integers(1, width + 1)), int(random.integers(1, height + 1)))
    box = (int(random.integers(0, width - w + 1)), int(random.integers(0, height - h + 1)), w, h)
    colours, local = (random.integers(0, 256, 3 << bits).astype(np.uint8).tobytes() for _ in range(2))
    indices = random.integers(0, 1 << bits, w * h) if k % 3 else np.full(w * h, 1)
    files[f"gif{k}.gif"] = gif((width, height), box, bits, lzw(indices, max(bits, 2)), colours if k % 7 else None,
                               local if k % 5 == 0 and k % 7 else None, [None, 1, 200][k // 2 % 3], k % 4 > 1, 1)
files["full_table.gif"] = gif((90, 90), (0, 0, 90, 90), 8, lzw(random.integers(0, 256, 8100), 8),
                              random.integers(0, 256, 768).astype(np.uint8).tobytes())


# BMP
def bmp(width, height, bits, size=40, masks=(), colours=0, gap=0):
    row = (width * bits + 31) // 32 * 4
    data = random.integers(0, 256, row * abs(height)).astype(np.uint8).tobytes()
    table = b""
    if bits <= 8:
        table = random.integers(0, 256, (colours or 1 << bits) * (3 if size == 12 else 4)).astype(np.uint8).tobytes()
    header = struct.pack("<IHHHH", 12, width, height, 1, bits) if size == 12 else struct.pack(
        "<IiiHHIIiiII", size, width, height, 1, bits, 3 if masks else 0, len(data), 0, 0, colours, 0)
    header = (header + struct.pack(f"<{len(masks)}I", *masks)).ljust(size, b"\0") + table + b"\0" * gap
    return b"BM" + struct.pack("<IHHI", 14 + len(header) + len(data), 0, 0, 14 + len(header)) + header + data


for bits in (1, 4, 8, 16, 24, 32):
    for size in (12, 40, 52, 56, 64, 108, 124):
        files[f"{bits}_{size}.bmp"] = bmp(int(random.integers(1, 20)), int(random.integers(1, 5)), bits, size)
    files[f"{bits}_from_top.bmp"] = bmp(13, -3, bits)
    files[f"{bits}_gap.bmp"] = bmp(7, 2, bits, gap=8 if bits > 8 else 0)
for bits in (1, 4, 8):
    files[f"{bits}_few_colours.bmp"] = bmp(17, 3, bits, colours=1 if bits == 1 else 5)
for name, bits, masks in (("565", 16, (0xf800, 0x7e0, 0x1f)), ("555", 16, (0x7c00, 0x3e0, 0x1f)),
                          ("bgrx", 32, (0xff0000, 0xff00, 0xff)), ("xbgr", 32, (0xff000000, 0xff0000, 0xff00))):
    files[f"{name}.bmp"] = bmp(9, 3, bits, masks=masks)
    files[f"{name}_v4.bmp"] = bmp(9, -3, bits, 108, masks + (0,))
files["rgba_v5.bmp"] = bmp(9, 3, 32, 124, (0xff, 0xff00, 0xff0000, 0xff000000))
files["no_masks.bmp"] = bmp(9, 3, 32, 108, (0, 0, 0, 0))


# PNG
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, kind, interlaced, colours=None, compressed=None):
    passes = [(0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2), (1, 2, 0, 1)]
    raw = b""
    for top, down, left, across in passes if interlaced else [(0, 1, 0, 1)]:
        columns, rows = len(range(left, width, across)), len(range(top, height, down))
        for _ in range(rows if columns else 0):
            bits = columns * depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
            raw += bytes([random.integers(0, 5)]) + random.integers(0, 256, (bits + 7) // 8).astype(np.uint8).tobytes()
    if compressed is None:
        compressed = zlib.compress(raw)
    table = chunk(b"PLTE", random.integers(0, 256, 3 * colours).astype(np.uint8).tobytes()) if colours else b""
    cut = len(compressed) // 3
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)) +
            table + chunk(b"IDAT", compressed[:cut]) + chunk(b"IDAT", compressed[cut:]) + chunk(b"IEND", b""))


for interlaced in (0, 1):
    for kind, depths in ((0, (1, 2, 4, 8)), (2, (8, 16)), (3, (1, 2, 4, 8)), (4, (8,)), (6, (8, 16))):
        for depth in depths:
            files[f"{kind}_{depth}_{interlaced}.png"] = png(11, 7, depth, kind, interlaced,
                                                            (1 << depth) // 2 + 1 if kind == 3 else None)

# One colour, which each format stores in the fewest bytes it can.
for name, picture in (("rgb", Image.new("RGB", (1500, 1500), (7, 8, 9))), ("grey", Image.new("L", (1500, 1500), 0))):
    files[f"one_{name}.png"] = saved(picture, "PNG", optimize=True)
    files[f"one_{name}.jpg"] = saved(picture, "JPEG", quality=10, optimize=True)
    files[f"one_{name}_progressive.jpg"] = saved(picture, "JPEG", quality=10, progressive=True)
files["one_bit.png"] = saved(Image.new("1", (1500, 1500)), "PNG", optimize=True)
files["one.gif"] = saved(Image.new("L", (1500, 1500), 3), "GIF")


# Headers that claim 16000 x 16000 pixels before next to nothing.
def claiming(jpeg):
    frame = next(i for i in range(len(jpeg)) if jpeg[i] == 0xff and jpeg[i + 1] in (0xc0, 0xc1, 0xc2))
    return jpeg[:frame + 5] + struct.pack(">HH", 16000, 16000) + jpeg[frame + 9:]


few = Image.new("RGB", (32, 32), (9, 200, 3))
for bits in (1, 4, 8, 16, 24, 32):
    for name, height in (("", 16000), ("_from_top", -16000)):
        whole = bmp(8, 1, bits)
        files[f"refused_{bits}{name}.bmp"] = whole[:18] + struct.pack("<ii", 16000, height) + whole[26:]
files["refused_run_length.bmp"] = bmp(8, 1, 8)[:30] + struct.pack("<I", 1) + bmp(8, 1, 8)[34:]
for depth, kind in ((1, 0), (8, 2), (8, 3), (16, 6)):
    for interlaced in (0, 1):
        files[f"refused_{depth}_{kind}_{interlaced}.png"] = png(1, 1, depth, kind, interlaced, 2 * (kind == 3)).replace(
            chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, depth, kind, 0, 0, interlaced)),
            chunk(b"IHDR", struct.pack(">IIBBBBB", 16000, 16000, depth, kind, 0, 0, interlaced)))
for name, options in (("444", dict(subsampling=0)), ("422", dict(subsampling=1)), ("progressive", dict(progressive=True)),
                      ("restarts", dict(restart_marker_rows=1))):
    jpeg = claiming(saved(few, "JPEG", **options))
    files[f"refused_{name}.jpg"], files[f"refused_{name}_cut.jpg"] = jpeg, jpeg[:-2]
files["refused_grey.jpg"] = claiming(saved(few.convert("L"), "JPEG"))
files["refused_cmyk.jpg"] = claiming(saved(few.convert("CMYK"), "JPEG"))
jpeg = saved(few, "JPEG")
files["refused_without_scan.jpg"] = jpeg[:jpeg.index(b"\xff\xda")] + b"\xff\xd9"
two = bytearray(without_segments(saved(few, "JPEG")))
two[two.index(b"\xff\xc0") + 9] = 2
files["refused_two_components.jpg"] = bytes(two)
files["refused_few_codes.gif"] = gif((16000, 16000), (0, 0, 16000, 16000), 1, [4, 0, 5], b"abcdef")
files["refused_interlaced.gif"] = gif((16000, 16000), (0, 0, 16000, 16000), 2, [4, 0, 5], None, b"abcdefghijkl", None, True)
files["refused_canvas.gif"] = gif((16000, 16000), (0, 0, 1, 1), 1, [4, 0, 5], b"abcdef")
files["refused_ends_early.gif"] = gif((2, 2), (0, 0, 2, 2), 2, [4, 0, 1, 5], b"abcdefghijkl")

with zipfile.ZipFile(pathlib.Path(sys.argv[1]) / "rare_pictures.npz", "w") as to:
    def add(name, array):
        out = io.BytesIO()
        np.save(out, array)
        to.writestr(zipfile.ZipInfo(name + ".npy"), out.getvalue())
    for name, content in files.items():
        add(name, np.frombuffer(content, np.uint8)[None])
        if not name.startswith(("refused", "one_")) and name != "one.gif":
            add(name + ".rgb", np.asarray(Image.open(io.BytesIO(content)).convert("RGB")))
print(PIL.__version__, len(files))
