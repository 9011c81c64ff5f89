"""Two classifications in one net with gradient balancing, in LibMTL 1.1.5."""

import numpy as np
import torch
from LibMTL import Trainer
from LibMTL.architecture import HPS
from LibMTL.loss import CELoss
from LibMTL.metrics import AccMetric
from LibMTL.weighting import UW
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, StackDataset, TensorDataset

wine = load_wine(as_frame=True).frame
x = StandardScaler().fit_transform(wine.drop(columns=["target", "color_intensity"]))
x = torch.tensor(x, dtype=torch.float32)
labels = {
    "cultivar": torch.tensor(wine["target"].to_numpy()),
    "intense": torch.tensor((wine["color_intensity"] > 5).to_numpy(np.int64)),
}


class Encoder(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(x.shape[1], 64), nn.ReLU())


def task():
    return {
        "metrics": ["Acc"],
        "metrics_fn": AccMetric(),
        "loss_fn": CELoss(),
        "weight": [1],
    }


trainer = Trainer(
    task_dict={name: task() for name in labels},
    weighting=UW,
    architecture=HPS,
    encoder_class=Encoder,
    decoders=nn.ModuleDict({"cultivar": nn.Linear(64, 3), "intense": nn.Linear(64, 2)}),
    rep_grad=False,
    multi_input=False,
    optim_param={"optim": "adam", "lr": 0.01},
    scheduler_param=None,
    save_path=None,
    load_path=None,
    weight_args={},
    arch_args={},
)
data = StackDataset(TensorDataset(x), StackDataset(**labels))
data = [(inputs[0], targets) for inputs, targets in data]
loader = DataLoader(data, batch_size=32, shuffle=True)
trainer.train(loader, loader, epochs=20)
