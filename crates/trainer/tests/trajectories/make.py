# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.13.0", "numpy"]
# ///
"""Writes pytorch.json beside this file: what PyTorch makes of 200 updates of every built-in network, for ../trajectories.rs.

usage: make.py

Initial weights, pictures and labels come from `uniform`, which the Rust test has, too. SGD, rate 0.01, momentum 0.9, on the CPU
with one thread. For every network: the loss before each update in float64; for each parameter, in order, the products of its
final float64 values with PROBES fixed vectors of signs.

Under "f32" stands how far PyTorch's own float32 is from its float64. "loss" and "gradient" are of single steps: at every
EVERY-th step of the float64 run, loss and gradient from that step's weights, rounded, in both types; the median distance, the
gradient's relative to its norm. "losses" and "weights" are of whole runs: root mean square over all steps or final weights, one
for each of STARTS runs with different initial weights. Such runs part for good where rounding decides a relu or a maximum, which
happens early, late or never: their distances reach from 1e-8 to 1e-2 for one and the same network. Takes some ten minutes.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

STEPS, BATCHES, CLASSES, PROBES = 200, 10, 10, 3
EVERY, STARTS = 10, 16


def uniform(stream, count):
    """Numbers in [0, 1) by place: splitmix64 of (stream, place)."""
    with np.errstate(over="ignore"):
        z = (np.arange(1, count + 1, dtype=np.uint64) + np.uint64(stream << 32)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def signs(stream, count):
    return np.where(uniform(stream, count) < 0.5, -1.0, 1.0)


def start(run, index, name, shape):
    """Initial values of the parameter with this index."""
    u = uniform(1000 + 10000 * run + index, int(np.prod(shape)))
    if len(shape) > 1:
        values = (2 * u - 1) / np.sqrt(float(np.prod(shape[1:])))
    else:
        values = 0.2 * u - 0.1 if name.endswith("bias") else 0.5 + u
    return torch.from_numpy(values.reshape(shape))


def batches(batch, shape):
    """Pictures with a pattern of their class under noise, and their classes."""
    pixels = int(np.prod(shape))
    patterns = uniform(1, CLASSES * pixels).reshape(CLASSES, pixels) - 0.5
    labels = (uniform(2, BATCHES * batch) * CLASSES).astype(np.int64)
    noise = uniform(3, BATCHES * batch * pixels).reshape(-1, pixels) - 0.5
    x = (noise + patterns[labels]).reshape(BATCHES, batch, *shape)
    return torch.from_numpy(x), torch.from_numpy(labels.reshape(BATCHES, batch))


class Mlp(nn.Module):
    def __init__(self, shape, hidden=(32,)):
        super().__init__()
        sizes = [int(np.prod(shape)), *hidden, CLASSES]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


class LeNet(nn.Module):
    def __init__(self, shape):
        super().__init__()
        side = ((shape[1] - 4) // 2 - 4) // 2
        self.c1, self.c2 = nn.Conv2d(shape[0], 32, 5), nn.Conv2d(32, 64, 5)
        self.f1, self.f2 = nn.Linear(64 * side * side, 1024), nn.Linear(1024, CLASSES)

    def forward(self, x):
        x = F.max_pool2d(self.c2(F.max_pool2d(self.c1(x), 2)), 2)
        return self.f2(F.relu(self.f1(x.flatten(1))))


class CaffeQuick(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.c = nn.ModuleList(nn.Conv2d(i, o, 5, padding=2) for i, o in ((shape[0], 32), (32, 32), (32, 64)))
        self.f1, self.f2 = nn.Linear(64 * (shape[1] // 8) ** 2, 64), nn.Linear(64, CLASSES)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.c[0](x), 2))
        x = F.max_pool2d(F.relu(self.c[1](x)), 2)
        x = F.max_pool2d(F.relu(self.c[2](x)), 2)
        return self.f2(self.f1(x.flatten(1)))


class CaffeFull(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.c = nn.ModuleList(nn.Conv2d(i, o, 5, padding=2) for i, o in ((shape[0], 32), (32, 32), (32, 64)))
        self.f = nn.Linear(64 * (shape[1] // 8) ** 2, CLASSES)

    def forward(self, x):
        def normalised(x):
            return x * (1 + 5e-5 * F.avg_pool2d(x * x, 3, 1, 1)) ** -0.75
        x = normalised(F.relu(F.max_pool2d(self.c[0](x), 3, 2, ceil_mode=True)))
        x = normalised(F.avg_pool2d(F.relu(self.c[1](x)), 3, 2, ceil_mode=True))
        x = F.avg_pool2d(F.relu(self.c[2](x)), 3, 2, ceil_mode=True)
        return self.f(x.flatten(1))


def block(i, o, stride=1):
    return nn.Sequential(nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o))


class ResNet9(nn.Module):
    def __init__(self, shape, width):
        super().__init__()
        w, c = width, shape[0]
        widths = [(c, w), (w, 2 * w), (2 * w, 2 * w), (2 * w, 2 * w), (2 * w, 4 * w), (4 * w, 4 * w), (4 * w, 4 * w), (4 * w, 4 * w)]
        self.b = nn.ModuleList(nn.Sequential(*block(i, o), nn.ReLU()) for i, o in widths)
        self.f = nn.Linear(4 * w, CLASSES)

    def forward(self, x):
        b = self.b
        x = F.max_pool2d(b[1](b[0](x)), 2)
        x = x + b[3](b[2](x))
        x = F.max_pool2d(b[5](F.max_pool2d(b[4](x), 2)), 2)
        x = x + b[7](b[6](x))
        return self.f(F.max_pool2d(x, x.shape[2]).flatten(1))


class ResidualBlock(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.first, self.second = block(i, o, 1 if i == o else 2), block(o, o)
        self.more = o - i

    def forward(self, x):
        y = self.second(F.relu(self.first(x)))
        if self.more:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.more))
        return F.relu(x + y)


class ResNet20(nn.Module):
    def __init__(self, shape):
        super().__init__()
        sizes = [16] * 4 + [32] * 3 + [64] * 3
        self.stem = block(shape[0], 16)
        self.blocks = nn.ModuleList(ResidualBlock(i, o) for i, o in zip(sizes, sizes[1:]))
        self.f = nn.Linear(64, CLASSES)

    def forward(self, x):
        x = F.relu(self.stem(x))
        for one in self.blocks:
            x = one(x)
        return self.f(x.mean((2, 3)))


def gradient(model, x, y):
    """Loss and gradient, all parameters in one row."""
    loss = F.cross_entropy(model(x), y)
    grads = torch.autograd.grad(loss, list(model.parameters()))
    return loss.item(), torch.cat([grad.flatten() for grad in grads]).to(torch.float64)


def single_step(make, shape, model, x, y):
    """Distance of the float32 loss, and relative distance of the float32 gradient, from the rounded weights of a float64 model."""
    narrow, wide = make(shape), make(shape).to(torch.float64)
    narrow.load_state_dict(model.state_dict())
    wide.load_state_dict(narrow.state_dict())
    x = x.to(torch.float32)
    (loss, grad), (right_loss, right_grad) = gradient(narrow, x, y), gradient(wide, x.to(torch.float64), y)
    return abs(loss - right_loss), ((grad - right_grad).norm() / right_grad.norm()).item()


def train(make, shape, batch, dtype, run=0, steps=None):
    torch.manual_seed(0)
    model = make(shape).to(torch.float64)
    with torch.no_grad():
        for index, (name, parameter) in enumerate(model.named_parameters()):
            parameter.copy_(start(run, index, name, parameter.shape))
    model = model.to(dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    x, y = batches(batch, shape)
    losses = []
    for step in range(STEPS):
        pictures, labels = x[step % BATCHES].to(dtype), y[step % BATCHES]
        if steps is not None and step % EVERY == 0:
            steps.append(single_step(make, shape, model, pictures, labels))
        loss = F.cross_entropy(model(pictures), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    weights = [parameter.detach().to(torch.float64).flatten().numpy() for parameter in model.parameters()]
    buffers = [buffer.detach().to(torch.float64).flatten().numpy() for name, buffer in model.named_buffers() if "running" in name]
    return np.array(losses), weights, buffers


def rms(difference):
    return float(np.sqrt(np.mean(difference**2)))


def probed(values, index):
    return [float(signs(2000 + probe + PROBES * index, values.size) @ values) for probe in range(PROBES)]


def run_distance(make, shape, batch, run):
    (wide, wide_weights, _), (narrow, narrow_weights, _) = (train(make, shape, batch, t, run) for t in (torch.float64, torch.float32))
    return rms(narrow - wide), rms(np.concatenate(narrow_weights) - np.concatenate(wide_weights))


def case(name, make, shape, batch, model):
    steps = []
    losses, weights, buffers = train(make, shape, batch, torch.float64, steps=steps)
    loss, gradient = (float(np.median(column)) for column in zip(*steps))
    far, far_weights = (list(column) for column in zip(*(run_distance(make, shape, batch, run) for run in range(STARTS))))
    return {
        "name": name, "model": model, "shape": shape, "batch": batch,
        "parameters": sum(w.size for w in weights), "losses": losses.tolist(),
        "weights": [probed(w, i) for i, w in enumerate(weights)], "buffers": [probed(b, i) for i, b in enumerate(buffers)],
        "f32": {"loss": loss, "gradient": gradient, "losses": far, "weights": far_weights},
    }


def cases():
    yield case("mlp", Mlp, [1, 8, 8], 16, {"mlp": {"hidden": [32]}})
    yield case("lenet", LeNet, [1, 16, 16], 8, {"lenet": {}})
    yield case("caffe_quick", CaffeQuick, [3, 8, 8], 16, {"caffe_quick": {}})
    yield case("caffe_full", CaffeFull, [3, 16, 16], 16, {"caffe_full": {}})
    yield case("resnet9", lambda shape: ResNet9(shape, 4), [3, 16, 16], 16, {"resnet9": {"width": 4}})
    yield case("resnet20", ResNet20, [3, 8, 8], 16, {"resnet20": {}})


torch.set_num_threads(1)
lines = ",\n".join(json.dumps(item, separators=(",", ":")) for item in cases())
version = torch.__version__.split("+")[0]
pathlib.Path(__file__).with_name("pytorch.json").write_text(f'{{"torch":"{version}","cases":[\n{lines}\n]}}\n')
