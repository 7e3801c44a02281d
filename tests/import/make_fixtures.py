#!/usr/bin/env python3
"""Records what PyTorch, ONNX and Keras compute, for tests/import.rs, which needs no Python.

    pip install torch==2.15.0 numpy==2.4.6 safetensors==0.8.0 onnx==1.23.2 \
        onnxscript==0.7.2 keras==3.15.1 h5py==3.16.0
    python tests/import/make_fixtures.py

Files beside this one are written anew. Large networks have weights made from a seed, which
the tests make again: only their outputs are kept.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file

HERE = Path(__file__).parent
STEPS = 40


def save(name, **arrays):
    np.savez_compressed(HERE / f"{name}.npz", **arrays)


class Network(torch.nn.Module):
    """Embedding if tokens are read, LSTM layers, a linear head."""

    def __init__(self, inputs, hidden, layers, outputs, tokens=0):
        super().__init__()
        if tokens:
            self.embedding = torch.nn.Embedding(tokens, inputs)
        self.lstm = torch.nn.LSTM(inputs, hidden, layers, batch_first=True)
        self.fc = torch.nn.Linear(hidden, outputs)

    def forward(self, x):
        if hasattr(self, "embedding"):
            x = self.embedding(x)
        return self.fc(self.lstm(x)[0])


def recorded(network, inputs):
    with torch.no_grad():
        return network(torch.from_numpy(inputs)).numpy()


def torch_files():
    torch.manual_seed(1)
    network = Network(3, 32, 1, 4)
    save_file(network.state_dict(), HERE / "torch-samples.safetensors")
    inputs = np.random.default_rng(1).normal(size=(2, STEPS, 3)).astype(np.float32)
    save("torch-samples", input=inputs, output=recorded(network, inputs))

    # weights that f16 holds, in f16
    network = Network(12, 24, 2, 3, tokens=20).half()
    save_file(network.state_dict(), HERE / "torch-tokens.safetensors")
    network = network.float()
    inputs = np.random.default_rng(2).integers(0, 20, size=STEPS)
    save("torch-tokens", input=inputs, output=recorded(network, inputs[None])[0])


class Numbers:
    """The same numbers in Python and in Rust: multiples of 2^-23 in [-1, 1)."""

    def __init__(self, seed):
        self.state = seed

    def take(self, *shape, scale=1.0):
        values = np.empty(int(np.prod(shape)), dtype=np.float32)
        for k in range(values.size):
            self.state = (self.state * 0x5851F42D4C957F2D + 0x14057B7EF767814F) % 2**64
            values[k] = ((self.state >> 40) / 2**23 - 1.0) * scale
        return values.reshape(shape)


def torch_seeds():
    for inputs, hidden, layers in [(3, 32, 1), (64, 32, 1), (3, 128, 1), (64, 128, 1), (3, 32, 2), (64, 128, 2)]:
        network = Network(inputs, hidden, layers, 4)
        numbers = Numbers(inputs * hidden * layers)
        state = network.state_dict()
        for name in sorted(state):
            state[name] = torch.from_numpy(numbers.take(*state[name].shape, scale=0.125))
        network.load_state_dict(state)
        x = numbers.take(STEPS, inputs, scale=2.0)
        save(f"seed-{inputs}-{hidden}-{layers}", output=recorded(network, x[None])[0])


def node_test(name):
    """A node test of ONNX itself: its node, inputs and outputs."""
    from onnx.backend.test.case.node import collect_testcases

    for case in collect_testcases("LSTM"):
        if case.name == name:
            (inputs, outputs), = case.data_sets
            return case.model.graph, inputs, outputs
    raise ValueError(name)


def onnx_files():
    """ONNX's node tests with their weights as constants: they come as inputs there."""
    for name in ["lstm_defaults", "lstm_with_initial_bias", "lstm_batchwise", "lstm_with_peepholes"]:
        graph, inputs, outputs = node_test(f"test_{name}")
        named = {value.name: array for value, array in zip(graph.input, inputs)}
        x = named.pop("X")
        graph.initializer.extend(numpy_helper.from_array(a, n) for n, a in named.items())
        kept = [value for value in graph.input if value.name == "X"]
        del graph.input[:]
        graph.input.extend(kept)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
        onnx.save(model, HERE / f"onnx-{name.replace('_', '-')}.onnx")
        layout = next((a.i for a in graph.node[0].attribute if a.name == "layout"), 0)
        state = dict(zip((value.name for value in graph.output), outputs))["Y_h"]
        batch = x if layout else x.transpose(1, 0, 2)
        state = state[:, 0] if layout else state[0]
        save(f"onnx-{name.replace('_', '-')}", input=batch, output=state)


def refused_files():
    """LSTM nodes that do more than a device does: one input, two units."""
    X = helper.make_tensor_value_info("X", TensorProto.FLOAT, [5, 1, 1])
    Y = helper.make_tensor_value_info("Y_h", TensorProto.FLOAT, None)

    def constant(name, *shape, value=0.5):
        return numpy_helper.from_array(np.full(shape, value, np.float32), name)

    def write(name, op="LSTM", gates=4, directions=1, more=(), extra=(), weights=True, **attributes):
        inputs = ["X", "W", "R", *more]
        node = helper.make_node(op, inputs, ["", "Y_h"], hidden_size=2, **attributes)
        W, R = (constant(n, directions, gates * 2, c) for n, c in [("W", 1), ("R", 2)])
        graph_inputs = [X] + ([] if weights else [helper.make_tensor_value_info("W", TensorProto.FLOAT, [1, 8, 1])])
        graph = helper.make_graph([node], name, graph_inputs, [Y], [*([W] if weights else []), R, *extra])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
        onnx.save(model, HERE / f"onnx-refused-{name}.onnx")

    write("reverse", direction="reverse")
    write("bidirectional", directions=2, direction="bidirectional")
    write("clip", clip=3.0)
    write("input-forget", input_forget=1)
    write("activations", activations=["Relu", "Tanh", "Tanh"])
    lens = numpy_helper.from_array(np.array([5], np.int32), "lens")
    write("sequence-lens", more=["", "lens"], extra=[lens])
    write("initial-h", more=["", "", "h"], extra=[constant("h", 1, 1, 2)])
    write("outside-weights", weights=False)
    write("gru", op="GRU", gates=3)


def without_notes(path):
    """The exporter writes where the Python code lay; no test needs that."""
    model = onnx.load(path, load_external_data=False)
    for part in [model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info]:
        part.doc_string = ""
        del part.metadata_props[:]
    del model.graph.value_info[:]
    onnx.save(model, path)


class LastStep(Network):
    """The same with the outputs of the last step alone."""

    def forward(self, x):
        return super().forward(x)[:, -1]


def torch_onnx_files():
    """What both of PyTorch's exporters write."""
    torch.manual_seed(2)
    x = torch.randn(1, 12, 5)
    network = LastStep(5, 8, 2, 3).eval()
    axes = {"x": {0: "sequences", 1: "steps"}}
    path = HERE / "onnx-torch-samples.onnx"
    torch.onnx.export(network, (x,), path, input_names=["x"], dynamo=False, dynamic_axes=axes)
    without_notes(path)
    save("onnx-torch-samples", input=x.numpy(), output=network(x).detach().numpy())
    x = torch.randint(0, 20, (1, 12))
    network = Network(5, 8, 2, 3, tokens=20).eval()
    path = HERE / "onnx-torch-tokens.onnx"
    torch.onnx.export(network, (x,), path, input_names=["x"], dynamo=True)
    without_notes(path)
    save("onnx-torch-tokens", input=x.numpy(), output=network(x).detach().numpy())


def keras_files():
    """What scripts/keras_to_safetensors.py makes of a Keras model."""
    keras.utils.set_random_seed(3)
    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(20, 5)(tokens)
    x = keras.layers.LSTM(6, return_sequences=True)(x)
    x = keras.layers.Dropout(0.3)(x)
    x = keras.layers.LSTM(7)(x)
    model = keras.Model(tokens, keras.layers.Dense(3)(x))
    script = HERE.parent.parent / "scripts" / "keras_to_safetensors.py"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        out = HERE / "keras-tokens.safetensors"
        subprocess.run([sys.executable, script, path, out], check=True)
    inputs = np.random.default_rng(3).integers(0, 20, (2, 12))
    save("keras-tokens", input=inputs, output=model.predict(inputs, verbose=0))


if __name__ == "__main__":
    torch_files()
    torch_seeds()
    onnx_files()
    refused_files()
    torch_onnx_files()
    keras_files()
