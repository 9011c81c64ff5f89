"""Preparation of the memory allocator for computations in blocks."""

import numpy as np

__all__ = ["keep_memory"]

_LARGEST_KEPT = 31 * 2**20  # bytes; glibc does not adapt to blocks above 32 MiB


def keep_memory() -> None:
    """Make the allocator keep freed memory for the next block.

    glibc returns freed blocks to the system, so that the next block causes page faults,
    until it has once freed a block of similar size. Other allocators are not affected.
    """
    np.empty(_LARGEST_KEPT, np.uint8)
