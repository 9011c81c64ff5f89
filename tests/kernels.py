"""How older processors compute, on this one: settings of NumPy, OpenBLAS and PyTorch.

`python -m tests.kernels` prints the kernels that this processor has, and
`python -m tests.kernels Nehalem` the variables that choose one.
"""

import os
import platform
import sys

import numpy as np

#: PyTorch's name by OpenBLAS's, oldest first.
KERNELS = {"Nehalem": "default", "Haswell": "avx2", "SkylakeX": "avx2"}
# NumPy's names: since 2.4, and before
_NEEDED = {"Haswell": {"X86_V3", "AVX2"}, "SkylakeX": {"X86_V4", "AVX512_SKX"}}
_AVX2 = ("X86_V3", "AVX2", "FMA3")
_AVX512 = ("X86_V4", "AVX512")
_DISABLED = {"Nehalem": _AVX2 + _AVX512, "Haswell": _AVX512, "SkylakeX": ()}


def available():
    """Return the kernels that this processor has."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return []
    found = _numpy_features()
    return [name for name in KERNELS if name == "Nehalem" or _NEEDED[name] & found]


def settings(name):
    """Return the environment variables under which everything uses these kernels."""
    disabled = os.environ.get("NPY_DISABLE_CPU_FEATURES", "").split(",")
    disabled += [f for f in _numpy_features() if f.startswith(_DISABLED[name] or "-")]
    return {
        "OPENBLAS_CORETYPE": name,
        "ATEN_CPU_CAPABILITY": KERNELS[name],
        "NPY_DISABLE_CPU_FEATURES": ",".join(sorted(filter(None, disabled))),
    }


def _numpy_features():
    """Return what NumPy makes use of on this processor, if it may."""
    return set(np.show_config(mode="dicts")["SIMD Extensions"].get("found", ()))


if __name__ == "__main__":
    lines = available()
    if len(sys.argv) > 1:
        lines = [f"{key}={value}" for key, value in settings(sys.argv[1]).items()]
    sys.stdout.write(" ".join(lines) + "\n")
