# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.13.0", "numpy"]
# ///
"""Writes pytorch.json beside this file: five updates with label smoothing in PyTorch, in float64, for ../label_smoothing.rs.

usage: make.py

Pictures, labels and initial weights are formulas, which the Rust test has, too. All examples are in every update: their order
does not matter. "losses" are those of the training criterion before each update, "evaluation" is the plain cross-entropy after
the last one, "weights" are the final parameters in order.
"""
import json
import pathlib

import torch
import torch.nn as nn

EXAMPLES, PIXELS, HIDDEN, CLASSES, UPDATES = 20, 16, 6, 10, 5

i, p = torch.arange(EXAMPLES)[:, None], torch.arange(PIXELS)[None, :]
x = ((i * 31 + p * 17 + 5 * i * p) % 256).double() / 255
labels = (3 * torch.arange(EXAMPLES) + 1) % CLASSES


def run(smoothing):
    net = nn.Sequential(nn.Linear(PIXELS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, CLASSES)).double()
    with torch.no_grad():
        for number, parameter in enumerate(net.parameters()):
            k = torch.arange(parameter.numel())
            parameter.copy_((((k * 7 + number * 13) % 19).double() / 19 - 0.5).reshape(parameter.shape))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    criterion, losses = nn.CrossEntropyLoss(label_smoothing=smoothing), []
    for _ in range(UPDATES):
        optimizer.zero_grad()
        loss = criterion(net(x), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    evaluation = nn.CrossEntropyLoss()(net(x), labels).item()
    weights = [parameter.flatten().tolist() for parameter in net.parameters()]
    return {"smoothing": smoothing, "losses": losses, "evaluation": evaluation, "weights": weights}


cases = [run(smoothing) for smoothing in (0.0, 0.1, 0.5)]
pathlib.Path(__file__).with_name("pytorch.json").write_text(json.dumps({"torch": torch.__version__, "cases": cases}) + "\n")
