"""What computing in blocks asks of the allocator."""

import numpy as np

__all__ = ["keep_memory"]

_LARGEST_KEPT = 31 * 2**20  # bytes; glibc learns from no block above 32 MiB


def keep_memory() -> None:
    """Let the allocator keep what is freed, for the next block.

    glibc hands memory back to the system, and pays for it page by page at the next
    block, until it has seen one of such size freed. Other allocators do not mind.
    """
    np.empty(_LARGEST_KEPT, np.uint8)
