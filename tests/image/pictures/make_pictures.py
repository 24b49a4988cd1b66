# Makes the pictures beside it with Pillow: kinds of files that a collection from the internet holds.
# python3 make_pictures.py FOLDER   (prints the version of Pillow it ran with)
import sys, pathlib
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
print(PIL.__version__)
