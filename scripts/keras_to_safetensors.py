#!/usr/bin/env python3
"""Turns a Keras 3 model into a file that `set-lstm import` reads.

    python scripts/keras_to_safetensors.py model.keras lstm.safetensors
    set-lstm import lstm.safetensors --out runs/mine

Enters: a `.keras` file, as `model.save` writes it, of an Embedding (or none), LSTM layers one
after the other, and one Dense layer. Leaves: its weights under PyTorch's names. Needs h5py and
numpy, which Keras brings along; Keras itself is not loaded.

Keras and PyTorch have the gates in one order (i, f, c, o is i, f, g, o); a kernel of Keras is
[inputs, 4 units] where PyTorch has [4 units, inputs], and Keras has one bias where PyTorch has
two. What a device does not run is refused by its name.
"""

import io
import json
import sys
import zipfile

import h5py
import numpy as np

# layers that leave numbers as they are when the model runs
SILENT = {"InputLayer", "Dropout", "SpatialDropout1D", "Masking", "Activation", "Softmax"}


def refuse(problem):
    sys.exit(f"error: {problem}")


def check_lstm(name, config):
    for key, usual in [("activation", "tanh"), ("recurrent_activation", "sigmoid"), ("go_backwards", False)]:
        if config.get(key, usual) != usual:
            refuse(f"{name} has {key}={config[key]!r}, which a device does not run; train with {usual!r}")


def convert(path):
    """The arrays by PyTorch's names, layer by layer in the order of the model."""
    with zipfile.ZipFile(path) as archive:
        model = json.loads(archive.read("config.json"))
        weights = h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r")
    if model["class_name"] not in ("Sequential", "Functional"):
        refuse(f"a {model['class_name']} model; build it as Sequential or Functional, layer after layer")
    arrays, seen, layers = {}, {}, 0
    for layer in model["config"]["layers"]:
        kind, config = layer["class_name"], layer["config"]
        name = config["name"]
        if len(layer.get("inbound_nodes") or []) > 1:
            refuse(f"{name} is used twice; build a model that runs layer after layer")
        if kind in SILENT:
            continue
        # weights lie under the kind of the layer, numbered from the second on
        base = {"LSTM": "lstm", "Embedding": "embedding", "Dense": "dense"}.get(kind)
        if base is None:
            refuse(f"{name} is a {kind}, which has no place in Embedding, LSTM layers and one Dense layer")
        number = seen[base] = seen.get(base, -1) + 1
        group = weights[f"layers/{base}" + (f"_{number}" if number else "")]
        if kind == "LSTM":
            check_lstm(name, config)
            group = group["cell/vars"]
            arrays[f"lstm.weight_ih_l{layers}"] = group["0"][:].T
            arrays[f"lstm.weight_hh_l{layers}"] = group["1"][:].T
            if config.get("use_bias", True):
                arrays[f"lstm.bias_ih_l{layers}"] = group["2"][:]
            layers += 1
        elif kind == "Embedding":
            arrays["embedding.weight"] = group["vars/0"][:]
        elif "head.weight" in arrays or layers == 0:
            refuse(f"{name} is a second Dense layer or stands before the LSTM; a device has one, at the end")
        else:
            if config.get("activation") not in ("linear", "softmax", "sigmoid"):
                refuse(f"{name} has activation={config['activation']!r}; train with linear, softmax or sigmoid")
            arrays["head.weight"] = group["vars/0"][:].T
            if config.get("use_bias", True):
                arrays["head.bias"] = group["vars/1"][:]
    return arrays


def save(arrays, path):
    """Writes safetensors: the length of a JSON header, the header, the numbers."""
    header, data = {}, b""
    for name, array in arrays.items():
        raw = np.ascontiguousarray(array, dtype="<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    with open(path, "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text + data)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        refuse("usage: keras_to_safetensors.py MODEL.keras OUT.safetensors")
    found = convert(sys.argv[1])
    save(found, sys.argv[2])
    for name, array in found.items():
        print(f"{name:24} {list(array.shape)}")
