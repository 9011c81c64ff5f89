"""Train one net in all processes that `accelerate launch` starts."""

from accelerate import PartialState
from sklearn.datasets import load_digits

from sklearn_mtl import MultiTaskClassifier, save

X, digit = load_digits(return_X_y=True)
y = [[number, number % 2] for number in digit.tolist()]
net = MultiTaskClassifier(
    data_parallel=True, batch_size=128, max_epochs=20, device="cpu", random_state=0
)
net.fit(X, y)
state = PartialState()
if state.is_main_process:
    print(net.score(X, y))
    save(net, "digits.mtl")
state.destroy_process_group()
