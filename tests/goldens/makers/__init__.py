# SPDX-License-Identifier: MIT
"""What make_goldens.py makes, a file for each subject. Importing it sets TensorFlow up so that two runs give the same bytes."""
import os

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["COLUMNS"] = "120"

import logging
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
tf.config.experimental.enable_op_determinism()
