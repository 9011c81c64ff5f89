"""A training in which one process dies: a script for `accelerate launch`."""

import os

from accelerate import PartialState
from skorch.callbacks import Callback

from tests.neural_network.training.nets_in_parallel import of_classes


class Death(Callback):
    def on_epoch_end(self, net, **kwargs):
        if PartialState().process_index == 1:
            os._exit(3)


if __name__ == "__main__":
    PartialState(cpu=True)
    of_classes(data_parallel=True, callbacks=[Death()], max_epochs=1000)
