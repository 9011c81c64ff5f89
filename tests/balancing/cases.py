"""Gramians for the tests of this folder."""

import torch

from sklearn_mtl.balancing import (
    IMTLG,
    MGDA,
    AlignedMTL,
    CAGrad,
    FairGrad,
    GradNorm,
    NashMTL,
    PCGrad,
    UPGrad,
)

AGGREGATORS = {
    "aligned_mtl": AlignedMTL(),
    "cagrad": CAGrad(),
    "fairgrad": FairGrad(),
    "gradnorm": GradNorm(),
    "imtl_g": IMTLG(),
    "mgda": MGDA(),
    "nash_mtl": NashMTL(),
    "pcgrad": PCGrad(),
    "upgrad": UPGrad(),
}


def jacobian(n_tasks, n_parameters=50, seed=0, spread=1.0):
    """Return random task gradients (n_tasks, n_parameters) of different sizes."""
    generator = torch.Generator().manual_seed(seed)
    draws = torch.randn(n_tasks, n_parameters, generator=generator, dtype=torch.double)
    sizes = torch.randn(n_tasks, 1, generator=generator, dtype=torch.double)
    return draws * (spread * sizes).exp()


def gramian(*args, **kwargs):
    J = jacobian(*args, **kwargs)
    return J @ J.T


def generators(n=1, seed=0):
    return [torch.Generator().manual_seed(seed + i) for i in range(n)]
