# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.13.0", "numpy"]
# ///
"""Writes pytorch.json beside this file: PyTorch's result and gradients of every operation, in float64.

usage: make.py

Every case is {"op", "params", "inputs": {name: tensor}, "upstream": tensor, "output": tensor, "grads": {name: tensor}} with
tensor = {"shape", "data"}. Gradients are those of sum(output * upstream). Inputs have three decimals, or, where the name of the
case says "ties" or "kinks", few enough values that windows tie and relu meets 0 exactly. A trajectory is
{"op", "options", "start", "grads": [tensor per update], "weights": [tensor after every update]}; "running" holds the running
statistics of a batch normalisation after every batch.
"""
import json
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(20260611)


def draw(*shape, values=None):
    if values is None:
        return (torch.randn(shape, dtype=torch.float64) * 1000).round() / 1000
    return torch.tensor(values, dtype=torch.float64)[torch.randint(len(values), shape)]


def tensor(t):
    return {"shape": list(t.shape), "data": [int(v) if v == int(v) else v for v in t.flatten().tolist()]}


def case(op, name, params, function, inputs, constants=None):
    leaves = {key: value.clone().requires_grad_() for key, value in inputs.items()}
    output = function(**leaves)
    upstream = draw(*output.shape)
    (output * upstream).sum().backward()
    everything = {**inputs, **(constants or {})}
    return {
        "op": op, "name": name, "params": params,
        "inputs": {key: tensor(value) for key, value in everything.items()},
        "upstream": tensor(upstream), "output": tensor(output.detach()),
        "grads": {key: tensor(leaf.grad) for key, leaf in leaves.items()},
    }


def conv(name, n, c, h, w, o, kh, kw, stride, padding, bias=True):
    inputs = {"x": draw(n, c, h, w), "w": draw(o, c, kh, kw)} | ({"bias": draw(o)} if bias else {})
    def function(x, w, bias=None):
        return F.conv2d(x, w, bias, stride=stride, padding=padding)
    return case("conv2d", name, {"stride": stride, "padding": padding}, function, inputs)


def pool(op, name, shape, kernel, stride, padding, ceil_mode, values=None):
    params = {"kernel": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    def function(x):
        call = F.max_pool2d if op == "max_pool2d" else F.avg_pool2d
        return call(x, kernel, stride, padding, ceil_mode=ceil_mode)
    return case(op, name, params, function, {"x": draw(*shape, values=values)})


def batch_norm(name, shape, relu, fixed, values=None):
    c = shape[1]
    mean = torch.tensor([-0.25 + 0.125 * i for i in range(c)], dtype=torch.float64)
    var = torch.tensor([0.5 + 0.25 * i for i in range(c)], dtype=torch.float64)
    def function(x, weight, bias):
        y = F.batch_norm(x, mean.clone(), var.clone(), weight, bias, training=not fixed)
        return F.relu(y) if relu else y
    inputs = {"x": draw(*shape, values=values), "weight": draw(c), "bias": draw(c)}
    if values is not None:
        inputs["bias"] = torch.zeros(c, dtype=torch.float64)
    return case("batch_norm2d", name, {"relu": relu, "fixed": fixed}, function, inputs)


def running():
    """Running statistics of torch.nn.BatchNorm2d after every batch."""
    norm = torch.nn.BatchNorm2d(3, dtype=torch.float64)
    norm.running_mean.copy_(draw(3))
    start = {"mean": tensor(norm.running_mean), "var": tensor(norm.running_var)}
    rows = []
    for size in (2, 1, 3):
        x = draw(size, 3, 2, 3)
        norm(x)
        rows.append({"x": tensor(x), "mean": tensor(norm.running_mean), "var": tensor(norm.running_var)})
    return start | {"batches": rows}


def lrn(name, shape, across, size, alpha, beta, k):
    """Across channels PyTorch's own; within a channel Caffe's lrn_layer.cpp: average pooling of the squares, borders included."""
    def function(x):
        if across:
            return F.local_response_norm(x, size, alpha, beta, k)
        return x * (k + alpha * F.avg_pool2d(x * x, size, 1, (size - 1) // 2)) ** -beta
    params = {"across": across, "size": size, "alpha": alpha, "beta": beta, "k": k}
    return case("local_response_norm", name, params, function, {"x": draw(*shape)})


def dropout(x, p):
    """x with every third and every fourth number dropped, which numbers being ours to choose."""
    index = torch.arange(x.numel()).reshape(x.shape)
    return x * ((index % 3 != 1) & (index % 4 != 2)).to(x.dtype).div(1 - p)


def linear(x, w, bias=None):
    return F.linear(x, w, bias)


def trajectory(op, steps=6, **options):
    """Weights after every update of a random start by random gradients."""
    make = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[op]
    w = draw(5).requires_grad_()
    start = w.detach().clone()
    optimizer = make([w], **options)
    grads, weights = [], []
    for _ in range(steps):
        w.grad = draw(5)
        grads.append(w.grad.clone())
        optimizer.step()
        weights.append(w.detach().clone())
    return {"op": op, "options": options, "start": tensor(start),
            "grads": [tensor(g) for g in grads], "weights": [tensor(w) for w in weights]}


def trajectories():
    yield trajectory("sgd", lr=0.1)
    yield trajectory("sgd", lr=0.1, weight_decay=0.01)
    yield trajectory("sgd", lr=0.1, momentum=0.9)
    yield trajectory("sgd", lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.01)
    yield trajectory("sgd", lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)
    yield trajectory("adam", lr=0.01)
    yield trajectory("adam", lr=0.01, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)
    yield trajectory("adam", lr=0.01, amsgrad=True, weight_decay=0.1)
    yield trajectory("adamw", lr=0.01, weight_decay=0.1)
    yield trajectory("adamw", lr=0.01, weight_decay=0.1, amsgrad=True, betas=(0.5, 0.6))


def cases():
    yield conv("plain", 2, 2, 6, 7, 3, 3, 3, 1, 0)
    yield conv("padded 5x5", 1, 2, 6, 6, 2, 5, 5, 1, 2)
    yield conv("stride 2, odd sides", 2, 1, 7, 5, 2, 3, 3, 2, 1)
    yield conv("stride 2, a row left over", 1, 2, 8, 7, 2, 3, 3, 2, 0, bias=False)
    yield conv("stride 3, flat kernel", 1, 1, 9, 8, 2, 1, 4, 3, 1)
    yield conv("stride beyond the kernel", 1, 1, 8, 8, 1, 2, 2, 3, 0)
    yield conv("padding beyond the kernel", 1, 1, 3, 3, 2, 2, 2, 1, 3)
    yield conv("one pixel", 1, 3, 1, 1, 2, 1, 1, 1, 0)
    yield conv("one pixel in padding", 2, 1, 1, 1, 2, 3, 3, 1, 1)
    yield conv("seventeen channels", 1, 1, 3, 3, 17, 2, 2, 1, 0)
    for op in ("max_pool2d", "avg_pool2d"):
        yield pool(op, "tiles", (2, 2, 4, 6), 2, 2, 0, False)
        yield pool(op, "overlapping", (1, 2, 7, 6), 3, 2, 1, False)
        yield pool(op, "ceil", (1, 1, 8, 7), 3, 2, 0, True)
        yield pool(op, "ceil and padding", (1, 1, 6, 5), 3, 2, 1, True)
        yield pool(op, "ceil, smaller than the window", (2, 1, 2, 1), 3, 3, 0, True)
        yield pool(op, "gaps", (1, 1, 8, 8), 2, 3, 0, False)
        yield pool(op, "one pixel", (2, 1, 1, 1), 1, 1, 0, False)
        yield pool(op, "odd sides", (1, 1, 5, 7), 2, 2, 0, False)
    yield pool("max_pool2d", "ties in tiles", (2, 2, 6, 6), 2, 2, 0, False, values=[0.0, 1.0])
    yield pool("max_pool2d", "ties, overlapping", (1, 2, 7, 7), 3, 2, 1, False, values=[-1.0, 0.0])
    yield pool("max_pool2d", "ties, all equal", (1, 1, 5, 5), 3, 2, 1, True, values=[-2.0])
    yield case("relu", "kinks", {}, lambda x: F.relu(x), {"x": draw(3, 7, values=[-1.5, -0.0, 0.0, 0.25, 2.0])})
    yield case("linear", "with bias", {}, linear, {"x": draw(3, 5), "w": draw(4, 5), "bias": draw(4)})
    yield case("linear", "one of each", {}, linear, {"x": draw(1, 1), "w": draw(1, 1)})
    yield case("matmul", "plain", {}, lambda a, b: a @ b, {"a": draw(3, 4), "b": draw(4, 18)})
    for fixed in (False, True):
        yield batch_norm("plain", (3, 2, 3, 4), False, fixed)
        yield batch_norm("with relu", (2, 3, 5, 7), True, fixed)
        yield batch_norm("one pixel", (4, 2, 1, 1), True, fixed)
        yield batch_norm("one picture", (1, 2, 4, 5), False, fixed)
    # Every value is the mean itself, where relu meets 0.
    yield batch_norm("kinks", (2, 1, 4, 4), True, False, values=[0.0])
    yield batch_norm("constant channel", (2, 2, 3, 3), False, False, values=[1.5])
    yield case("add", "plain", {}, lambda a, b: a + b, {"a": draw(2, 3, 2), "b": draw(2, 3, 2)})
    kinks = [-1.5, 0.0, 1.5]
    yield case("add_relu", "kinks", {}, lambda a, b: F.relu(a + b), {"a": draw(4, 5, values=kinks), "b": draw(4, 5, values=kinks)})
    yield lrn("plain", (2, 7, 2, 3), True, 5, 1e-2, 0.75, 1.0)
    yield lrn("even size", (1, 5, 3, 2), True, 4, 0.5, 0.5, 2.0)
    yield lrn("one channel", (2, 1, 2, 2), True, 3, 0.5, 1.0, 1.0)
    yield lrn("more neighbours than channels", (1, 3, 2, 2), True, 9, 0.9, 0.6, 1.0)
    yield lrn("plain", (2, 2, 5, 4), False, 3, 0.5, 0.75, 1.0)
    yield lrn("one pixel", (2, 2, 1, 1), False, 3, 0.5, 0.75, 1.0)
    yield lrn("wide", (1, 1, 4, 7), False, 5, 0.9, 0.3, 1.0)
    yield case("subsample2d", "stride 2", {"stride": 2, "channels": 5},
               lambda x: F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, 3)), {"x": draw(2, 2, 5, 4)})
    yield case("subsample2d", "as it is", {"stride": 1, "channels": 2}, lambda x: x * 1, {"x": draw(1, 2, 2, 3)})
    for p in (0.25, 0.0):
        yield case("dropout", f"p = {p}", {"p": p}, lambda x: dropout(x, p), {"x": draw(3, 7)})
    for smoothing in (0.1, 1.0):
        labels = torch.tensor([0, 3, 3, 1])
        yield case("smoothed_cross_entropy", f"{smoothing}", {"smoothing": smoothing},
                   lambda logits: F.cross_entropy(logits, labels, label_smoothing=smoothing),
                   {"logits": draw(4, 5) * 3}, {"labels": labels})
    for name, scale in (("plain", 1.0), ("large logits", 300.0)):
        labels = torch.tensor([0, 3, 3, 1])
        yield case("cross_entropy", name, {}, lambda logits: F.cross_entropy(logits, labels),
                   {"logits": draw(4, 5) * scale}, {"labels": labels})


def lines(items):
    return ",\n".join(json.dumps(item, separators=(",", ":")) for item in items)


path = pathlib.Path(__file__).with_name("pytorch.json")
version = torch.__version__.split("+")[0]
path.write_text(f'{{"torch":"{version}","cases":[\n{lines(cases())}\n],"trajectories":[\n{lines(trajectories())}\n],"running":{lines([running()])}}}\n')
