import sys

import pytest
import torch

from benchmarks import gpu


def test_the_benchmark_runs_without_a_gpu(monkeypatch, capsys):
    options = ["--device", "cpu", "--quick", "--kinds", "mlp", "--dtypes", "float32"]
    monkeypatch.setattr(sys, "argv", ["gpu", *options])
    gpu.main()
    title, row = capsys.readouterr().out.splitlines()
    assert title.startswith("epochs per second")
    assert row.startswith("mlp 10 float32")
    ours, bare, ratio = map(float, row.split()[3:])
    assert ours > 0
    assert bare > 0
    assert ratio > 0


def test_without_a_gpu_the_benchmark_says_so(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gpu"])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit):
        gpu.main()
    assert "no GPU was found" in capsys.readouterr().err
