"""What PyTorch 2.13.0 gives for the cases of tests/plateau.rs: python plateau.py > plateau.json (null is NaN)"""

import json
import tomllib

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

nan = float("nan")
values = [0.5, nan, 0.6, 0.6, 0.55, nan, nan, 0.7, 0.70005, 0.70008, 0.4, 0.39]
cases = [
    'mode = "max"\npatience = 1',
    'mode = "max"\npatience = 0\nfactor = 0.5\ncooldown = 1\nthreshold = 1e-4\nthreshold_mode = "abs"',
    'mode = "min"\npatience = 1\nfactor = 0.3\nmin_lr = 0.05',
    'metric = "validation_accuracy"\npatience = 2\nfactor = 0.7\neps = 0.25',
]

found = []
for text in cases:
    settings = tomllib.loads(text)
    if settings.pop("metric", None) == "validation_accuracy":
        settings["mode"] = "max"
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = ReduceLROnPlateau(optimizer, **settings)
    rates = []
    for value in values:
        scheduler.step(value)
        rates.append(optimizer.param_groups[0]["lr"])
    found.append({"settings": text, "rates": rates})
values = [None if value != value else value for value in values]
print(json.dumps({"values": values, "cases": found}, indent=1))
