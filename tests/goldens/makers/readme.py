# SPDX-License-Identifier: MIT
"""README.md and INDEX.tsv of the goldens."""
import numpy as np

from makers.arrays import MEASURED

FORMAT = """# Goldens made by real Keras

Keras 3.15.1 on TensorFlow 2.21.0 (CPU, one thread, no oneDNN) made these; `make_goldens.py` makes them again, byte for
byte. Where a row says *formula*, the numbers come from a written-out formula of Keras 2.2.4 instead of a run of it; where
it says *2018 code*, from Keras-Preprocessing 1.0.5 run as it is.

- `.npz` here is a zip of stored (not compressed) `.npy` version 1.0 files, C order, little endian, no zip64 fields; every
  array has at least one axis. A `.keras` file is a stored zip too, so one reader serves both.
- Names are `case.array`. `_f64` is the same computation in float64 from the same float32 inputs; without it, float32.
  `INDEX.tsv` lists every array with its dtype and shape; `SHA256SUMS` the files.
- Layouts: pictures N,H,W,C; kernels kh,kw,Cin,Cout; dense kernels In,Out. `cfg` is int64.
- Tolerances: R means |yours - golden| <= R * (largest |golden| of that array) + 1e-7. *float* is for a float32 library
  against the `_f64` array, *double* for a float64 library against it. Measured: the share by which Keras's own float32 run
  is off from its float64 run.

| file | arrays | dtype | shapes | what it is | float | double | measured |
|---|---|---|---|---|---|---|---|
"""

ROWS = [
    ("conv.npz", "x, kernel, bias, dy; y, dx, dkernel, dbias (+_f64); cfg = stride_h, stride_w, padding (0 valid, 1 same), activation (0 linear, 1 relu, 2 sigmoid), has bias",
     "f32, f64, i64", "N,H,W,Cin; kh,kw,Cin,Cout; Cout; N,OH,OW,Cout", "Conv2D forward, gradients of sum(y*dy)", "1e-5", "1e-12", ["conv"]),
    ("maxpool.npz", "x, dy; y, dx (+dx_f64); cfg = pool_h, pool_w, stride_h, stride_w, padding", "f32, f64, i64",
     "N,H,W,C; N,OH,OW,C", "MaxPooling2D with odd sizes, ties, negative values under same", "y exact; dx exact without overlap, else 1e-6", "1e-12", ["maxpool"]),
    ("dense.npz", "x, kernel, bias, dy; y, dx, dkernel, dbias (+_f64); cfg = activation, has bias; flatten.x, flatten.y",
     "f32, f64, i64", "N,In; In,Out; Out; N,Out", "Dense; the order of Flatten", "1e-5; flatten exact", "1e-12", ["dense"]),
    ("dropout.npz", "x, dy, mask (1 kept), rate; y, dx", "f32, u8, f64", "any", "Dropout in training with its mask given",
     "exact with float32(1/(1-rate)) as a factor, else 1e-6", "-", []),
    ("bce.npz", "logits, labels, prob, sample_weight; fused_ (loss on the logits behind a sigmoid), prob_ (loss on plain probabilities, clipped), each with each, each_grad, mean, mean_grad, weighted, weighted_grad (+_f64); keras2_each, keras2_each_grad (*formula*); accuracy.prob, accuracy.labels, accuracy.each",
     "f32, f64", "n,1; n; 1", "sigmoid + binary cross-entropy; gradients by the logits for fused_, by the probability for prob_ and keras2_",
     "fused 2e-6; prob and keras2 against their float32 arrays 1e-5 (there 1-1e-7 rounds to 1-1.19e-7); accuracy exact", "fused 1e-12, others 1e-9", ["bce"]),
    ("optimizers.npz", "p0, grads; path (the parameters after each step), slot0.. (final state, in the order Keras keeps it) (+_f64); rmsprop_keras2* are *formula*",
     "f32, f64", "12; 20,12; 20,12; 12", "20 steps on given gradients; column 0 is 1, 1 is 1e-3, 2 is 1e-8, 3 is 0", "1e-5 for each column by itself", "1e-12; sgd_momentum, sgd_nesterov, adam 1e-5, or 1e-12 with the momentum (SGD) or the betas of the bias correction (Adam) rounded to float32, as Keras does even in float64", ["optimizers, one column"]),
    ("cnn.npz", "x_uint8, y, batches (rows of x), cfg = side, c1, c2, units, batch, steps, lr; init.*, step1.*, final.* weights; grad0.* of the first batch; losses, accuracies per step; prob0, prob_final (+_f64)",
     "u8, f32, i64, f64", "pool,S,S,3; steps,batch; steps", "Conv c1 3x3 valid relu, pool 2, Conv c2, pool 2, Flatten, Dense relu, Dense 1 sigmoid; RMSprop; x = x_uint8/255",
     "losses and weights 1e-5", "1e-11", ["cnn losses", "cnn final weights", "cnn first gradients", "cnn final probabilities"]),
    ("fit.npz", "x_uint8, y (training rows first, then validation), cfg = n, n_val, batch, epochs; init.*, final.*; loss, accuracy, val_loss, val_accuracy per epoch; weights_of_samples, evaluate_loss, evaluate_accuracy, evaluate_weighted_accuracy (+_f64)",
     "u8, f32, i64, f64", "n,12,12,3; epochs; 1", "fit(shuffle=False) with a short last batch; Conv 4 3x3 relu, pool 2, Flatten, Dense 1 sigmoid; RMSprop 1e-3", "1e-5", "1e-11", ["fit"]),
    ("finetune.npz", "x_uint8, y, cfg = side, steps frozen, steps fine-tuning, batch; init.*, frozen.* (after stage 1), final.*; losses (+_f64)",
     "u8, f32, i64, f64", "n,S,S,3; steps", "Conv 4 same, pool, Conv 6 same, pool, Flatten, Dense 8, Dense 1; stage 1 base frozen, RMSprop 1e-3; stage 2 block2 free, compiled anew with 1e-4; batch k is rows k*batch..", "1e-5", "1e-11", ["finetune"]),
    ("affine.npz", "image_*; per case params = theta, tx, ty, shear (degrees), zx, zy, flip; image (index of the picture in the order image_* appear); keras2 (*2018 code*), keras3",
     "u8, f64, i64, f32", "H,W,C; 7; 1; H,W,C", "ImageDataGenerator.apply_transform, fill nearest, order 1, values 0..255", "1e-5 with double coordinates, 1e-3 with float ones", "1e-7", []),
    ("flow.npz", "x; cfg = n, side, batch, batches, seed; order, sizes, draws (theta, tx, ty, shear, zx, zy, flip), pixels under keras2 (*2018 code*) and keras3; rng_permutation, then rng_uniform(-50, 50), rng_random from one numpy RandomState(seed)",
     "u8, i64, f64, f32", "n,S,S,3; samples; batches; samples,7; samples,S,S,3", "flow() with the seed's settings (rescale 1/255, zoom .3, rotation 50, shifts .2, shear .2, horizontal flip)",
     "order exact, draws 1e-12, pixels 1e-5", "same", []),
    ("images/", "*.jpg with *.png of its decoded pixels; palette.png, rgba.png", "-", "-", "pictures for load_img", "-", "-", []),
    ("loadimg.npz", "picture.HxW of load_img(target_size=(H, W)); picture.HxW.bilinear; picture.rgb, picture.gray at full size", "u8", "H,W,3; H,W for gray",
     "nearest resizing as Pillow 13.0.0 does it; bilinear is Pillow's, with its antialiasing", "exact from the PNG; from the JPEG JPEGNOTE", "-", []),
    ("weights/tiny_vgg*", "tiny_vgg.npz: w.* weights, x_uint8, y, y_f64; _keras1_notop.h5, _keras2_notop.h5 (layouts of Keras 1 and 2.2.4, written with h5py and read back by Keras 3), _notop.weights.h5 (Keras 3)",
     "f32, u8, f64", "-; 3,32,32,3; 3,1,1,c5", "VGG16 without its top, thin, 32x32; x = x_uint8/255", "weights exact, y 1e-5", "1e-12", ["weights"]),
    ("weights/tiny_seq*", "tiny_seq.npz: w.*, rms.* (RMSprop's state), x_uint8, y; .keras, .weights.h5, _legacy_keras3.h5, _keras2.h5 (layout of 2.2.4)", "f32, u8", "-; 6,12,12,3; 6,1",
     "a compiled Sequential: Conv valid, pool, Conv stride 2 same, Flatten, Dense, Dropout .3, Dense 1", "weights exact, y 1e-5", "-", []),
    ("weights/tiny_transfer*", "tiny_transfer.npz: w.*, trainable (per weight), x_uint8, y; .keras, _legacy_keras3.h5", "f32, u8", "-; 4,32,32,3; 4,1",
     "a Sequential around a nested VGG-like model, block4 and block5 free", "weights exact, y 1e-5", "-", []),
    ("report.npz, tables/report_*.txt", "scores, labels, predicted; confusion (rows true, columns predicted); weighted = accuracy, precision, recall, F1; macro; per_class (3 rows); support; keras_accuracy", "f32, i64, f64",
     "n; 2,2; 4; 3; 3,2; 2; 1", "scikit-learn's numbers and its classification_report; some scores are exactly .5", "exact counts, 1e-12", "1e-12", []),
    ("tables/", "summary_*.keras2.txt (*formula*, compared with the printing code of 2.2.4), summary_*.keras3.txt (line_length 80); vgg16_layers_150.csv; glorot_limits.csv", "text", "-", "summaries of the seed's models, parameter counts, limits of glorot_uniform", "exact text", "-", []),
]

JPEG_NOTE = "within 4 levels, mean under 0.2 (stb_image against Pillow's libjpeg-turbo: at most 3, mean 0.09)"


def write_readme(out):
    text = FORMAT
    for file, arrays, dtype, shapes, what, tf32, tf64, keys in ROWS:
        m = "; ".join(f"{k} {MEASURED[k]:.1e}" for k in keys if k in MEASURED)
        text += "| " + " | ".join([file, arrays, dtype, shapes, what, tf32, tf64, m or "-"]).replace("JPEGNOTE", JPEG_NOTE) + " |\n"
    (out / "README.md").write_text(text)


def write_index(out):
    lines = ["file\tarray\tdtype\tshape"]
    for f in sorted(out.rglob("*.npz")):
        with np.load(f) as z:
            for k in z.files:
                lines.append(f"{f.relative_to(out).as_posix()}\t{k}\t{z[k].dtype}\t{'x'.join(map(str, z[k].shape))}")
    (out / "INDEX.tsv").write_text("\n".join(lines) + "\n")
