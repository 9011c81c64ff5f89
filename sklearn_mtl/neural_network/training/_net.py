"""A skorch net with a faster epoch loop."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, EpochTimer
from skorch.history import History
from torch import Tensor

from sklearn_mtl.modules import split_tokens, stop_dropout
from sklearn_mtl.neural_network.data._batches import (
    Batch,
    BatchIterator,
    HeldOutRows,
)
from sklearn_mtl.neural_network.data._rows import Rows
from sklearn_mtl.neural_network.objective._backward import Balance
from sklearn_mtl.neural_network.objective._turns import Turns
from sklearn_mtl.neural_network.training._idle import without_idle_callbacks
from sklearn_mtl.neural_network.training._interrupts import watch_interrupts
from sklearn_mtl.neural_network.training._record import record_epoch, record_losses
from sklearn_mtl.neural_network.training._run import TrainingRun

__all__ = ["BATCH_HOOKS", "MultiTaskNet"]

BATCH_HOOKS = ("on_batch_begin", "on_batch_end", "on_grad_computed")


class StopTraining(Exception):
    """Raised inside the epoch loop when a callback stops training."""


class MultiTaskNet(NeuralNet):
    """A skorch net that trains all tasks and members together.

    skorch manages the module, the optimiser, the history and the callbacks. The loop of
    skorch converts the loss to a number and notifies the callbacks in every batch,
    which takes most of the time of a small net. Here this is done only if a callback
    overrides a method that is called for every batch.

    Parameters
    ----------
    module : nn.Module
        Maps (n_members, n_rows, n_features) to the logits of all tasks.
    criterion : FusedLoss
        Computes the losses of all tasks and their gradient at the logits.
    task_names : sequence of str
        Names of the trained tasks, in the order of the losses.
    who : str
        Name of the estimator, for messages.
    balance : Balance, default=None
        Performs the backward pass; None uses the sum of the losses.
    **kwargs : dict
        Parameters of skorch.NeuralNet.
    """

    #: skorch unpickles attributes with these prefixes on the CPU if there is no GPU.
    #: The list of skorch lacks the module and criterion passed to the constructor.
    cuda_dependent_attributes_ = ["module", "criterion", "balance", "turns"]
    #: Attributes that a file saved for predictions does not contain.
    _only_for_training = ("optimizer_", "balance", "turns", "scaler_state_")
    #: State of the scaler of float16 gradients after the last training.
    scaler_state_: dict[str, float] | None = None

    def __init__(
        self,
        module: torch.nn.Module,
        criterion: torch.nn.Module,
        *,
        task_names: Sequence[str] = (),
        who: str = "MultiTaskNet",
        balance: Balance | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(module, criterion, **kwargs)
        self.task_names = task_names
        self.who = who
        self.balance = balance
        self.turns: Turns | None = None
        self.run_: TrainingRun | None = None  # set during training only
        self.interrupts_: Sequence[int] = ()

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        return [("epoch_timer", EpochTimer())]

    def notify(self, method_name: str, **cb_kwargs: Any) -> None:
        """Notify callbacks, and tell a callback that stops training from Ctrl-C.

        Callbacks of skorch stop training by raising KeyboardInterrupt. skorch
        suppresses this exception, also if the user pressed Ctrl-C.
        """
        try:
            super().notify(method_name, **cb_kwargs)
        except KeyboardInterrupt:
            if self.interrupts_:
                raise
            raise StopTraining from None

    @property
    def run(self) -> TrainingRun:
        """Inputs of the current training."""
        assert self.run_ is not None  # for the type checker
        return self.run_

    def train(self, run: TrainingRun) -> None:
        """Run all epochs, or fewer if training is stopped early."""
        self.run_, data = run, run.batches.data
        if run.ranks is not None:
            run.ranks.align([*self.module_.parameters(), *self.module_.buffers()])
        self.n_steps_, self.n_done_, self.n_epochs_ = 0, 0, run.n_epochs
        self.lowest_ = getattr(self, "lowest_", {})
        idle = without_idle_callbacks(self, holds_out=run.held_out is not None)
        try:
            with watch_interrupts() as self.interrupts_, idle:
                with suppress(StopTraining):
                    self.notify("on_train_begin", X=data, y=None)
                    n_epochs = run.n_epochs + run.n_further
                    self.fit_loop(run.batches, run.held_out, n_epochs)
                self.notify("on_train_end", X=data, y=None)
        finally:  # after an interrupt, the net can be pickled and trained further
            self.run_ = None
            if run.scaler is not None:
                self.scaler_state_ = run.scaler.state_dict()
                self.module_.gradient_scale = None
            if run.schedule is not None:
                self.set_rate(self.lr)

    @property
    def rate(self) -> float:
        """Learning rate of the heads; other parameters may have different rates."""
        return self.optimizer_.param_groups[-1]["lr"]

    def set_rate(self, lr: float) -> None:
        """Reset the learning rate for the schedule and for callbacks."""
        self.lr = lr
        for group in self.optimizer_.param_groups:
            group["lr"] = lr * group.get("lr_factor", 1.0)
            if "initial_lr" in group:  # set by schedulers of torch
                group["initial_lr"] = group["lr"]

    def follow(self, older: MultiTaskNet) -> None:
        """Copy the history of a net that this one replaces."""
        self.history_: History = copy.copy(older.history_)
        self.lowest_ = getattr(older, "lowest_", {})
        if "initial_lr" in older.optimizer_.param_groups[0]:  # set by a scheduler
            for group in self.optimizer_.param_groups:
                group["initial_lr"] = group["lr"]

    def set_task_weight(self, weights: np.ndarray, order: np.ndarray) -> None:
        """Set the weights of the tasks.

        Shapes: weights (n_tasks,), order (n_trained,).
        """
        self.task_weight = weights.tolist()
        self.criterion_.task_weight.copy_(torch.as_tensor(weights[order]))

    def fit_loop(
        self, X: Any, y: Any = None, epochs: int | None = None, **kwargs: Any
    ) -> MultiTaskNet:
        """Train on batches X, and evaluate held-out rows y after each epoch."""
        checkpoint, is_over = self.run.checkpoint, False
        n_epochs = self.max_epochs if epochs is None else epochs
        if checkpoint is not None:
            self.n_done_, is_over = checkpoint.resume(self)
        try:
            while not is_over and self.n_done_ < n_epochs:
                is_over = self._epoch(X, y) or self.n_done_ == n_epochs
                if checkpoint is not None:
                    checkpoint.write(self, is_complete=is_over)
        except StopTraining:
            if checkpoint is not None:
                checkpoint.write(self, is_complete=True)
        return self

    def _epoch(self, batches: BatchIterator, held_out: HeldOutRows | None) -> bool:
        """Train and evaluate for one epoch; return whether training should stop."""
        sets = {"dataset_train": batches.data, "dataset_valid": held_out}
        events, shall_stop = self.run.events, False
        if events is not None:
            events.begin_part("epoch")
        self.notify("on_epoch_begin", **sets)
        self.run_single_epoch(batches, True, "train", self.train_step)
        self.n_done_ += 1
        ranks = self.run.ranks
        if ranks is not None:  # batch norm has statistics of the rows of each process
            ranks.align(self.module_.buffers())
        if held_out is not None:
            losses = self._evaluate(held_out)
            if ranks is not None:  # so that all processes stop in the same epoch
                losses = ranks.of_main(losses)
                if self.run.rescaled is not None:
                    self.run.rescaled.align(ranks)
            record_losses(self, "valid", losses)
            shall_stop = self.run.track is not None and self.run.track(self, losses)
        try:
            self.notify("on_epoch_end", **sets)
        except StopTraining:
            if ranks is None:
                raise
            shall_stop = True  # tell the other processes, which would wait forever
        if events is not None:
            shall_stop |= events.end_part()
        return shall_stop if ranks is None else ranks.is_any(shall_stop)

    def run_single_epoch(
        self, iterator: Any, training: bool, prefix: str, step_fn: Any, **kwargs: Any
    ) -> None:
        """Run the steps of one epoch and record the mean losses."""
        if self.run.head_update is not None:
            self.run.head_update.epoch(self, iterator)
            return
        self._set_training(True)
        loud = self._has_batch_listener
        # summed as tensors, because each conversion to a number waits for the device
        total = torch.zeros(())
        if not loud:  # skorch's Checkpoint reads the record of the last batch
            self.history.new_batch()
        self._begin_epoch()
        for batch in iterator:
            if self.run.monitor is not None:
                self._measure(batch)
            if loud:
                self.notify("on_batch_begin", batch=batch, training=training)
            step = step_fn(batch, notify=loud)
            total = total + step["values"]
            if loud:
                self.history.record_batch(prefix + "_loss", step["loss"].item())
                self.notify("on_batch_end", batch=batch, training=training, **step)
        losses = record_epoch(self, prefix, total, len(iterator))
        if self.balance is not None:
            self.balance.end_epoch(losses)
            self.history.record("factor_by_task", self.balance.mean_factors())
            self.history.record("gramian", self.balance.gramian)
        if self.run.regularizer is not None:
            for name, value in self.run.regularizer.means().items():
                self.history.record(name, value)
        self.history.record("task_weight", self.task_weight)
        self.history.record("lr", self.rate)
        self.history.record(prefix + "_batch_count", len(iterator))

    def train_step(
        self, batch: Batch, notify: bool = True, **fit_params: Any
    ) -> dict[str, Tensor]:
        """Make one optimiser step on one batch of all members."""
        if self.run.schedule is not None:
            factor = self.run.schedule(self.n_steps_)
            for group in self.optimizer_.param_groups:
                group["lr"] = self.lr * group.get("lr_factor", 1.0) * factor
        self.module_.see(batch[1][1])
        if self.run.regularizer is not None:
            self.run.regularizer.see(batch[1][1])
        if self.balance is not None:
            self.balance.see(batch[1][1])
        if self.turns is not None:
            batch = self.turns.apply(batch)
        scaler = self.run.scaler
        if scaler is not None:
            one = torch.ones((), device=self.device)
            self.module_.gradient_scale = scaler.scale(one)
        if self.balance is None:
            logits, values = self._backward(batch)
        else:
            lr = self.rate
            logits, values = self.balance.backward(
                self.module_, self.criterion_, batch, lr
            )
        if self.run.ranks is not None:  # before the scaler looks for infinite gradients
            values = self.run.ranks.mean_step(self.module_.parameters(), values)
        if scaler is not None:
            scaler.unscale_(self.optimizer_)
        if self.run.regularizer is not None:
            self.run.regularizer.at_parameters(self.module_)
        if notify:
            named = list(self.get_all_learnable_params())
            self.notify("on_grad_computed", named_parameters=named, batch=batch)
        make_step = self.optimizer_.step
        if scaler is not None:  # makes no step if a gradient is not finite
            make_step = partial(scaler.step, self.optimizer_)
        if self.turns is None:
            make_step()
        else:
            self.turns.step(self.optimizer_, self.module_, make_step)
        if scaler is not None:
            scaler.update()
        self.optimizer_.zero_grad(set_to_none=True)
        if self.balance is not None and self.balance.needs_post_step_loss:
            self.balance.use_post_step_loss(self.module_, self.criterion_, batch)
        self.n_steps_ += 1
        step = {"y_pred": logits, "values": values}
        if notify:
            step["loss"] = (values * self.criterion_.task_weight).sum()
        return step

    def _backward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Compute the gradient of the sum of losses at the parameters."""
        x, (targets, weights) = batch
        parts = self.module_.encode(x)
        logits = self.module_.decode(parts)
        values, dlogits = self.criterion_(logits, targets, weights)
        if self.run.regularizer is not None:
            extra = self.run.regularizer.at_logits(logits)
            dlogits = dlogits if extra is None else dlogits + extra
        penalty = self.module_.penalty(parts, weights)
        if penalty is None:
            logits.backward(dlogits)
        else:  # the objective is the sum over members
            torch.autograd.backward([logits, penalty.sum()], [dlogits, None])
        return logits, values

    def _begin_epoch(self) -> None:
        self._is_measured = False
        if self.run.n_further and self.n_done_ >= self.run.n_epochs:
            stop_dropout(self.module_)
        if self.balance is not None:
            self.balance.start_epoch()
        if self.run.regularizer is not None:
            self.run.regularizer.start_epoch(self.module_)
        if self.turns is not None:
            self.turns.start_epoch()

    def _measure(self, batch: Batch) -> None:
        """Record statistics of the task gradients at the first batch of an epoch."""
        if self.run.monitor is None or self._is_measured:
            return
        self._is_measured = True
        norms, cosine, conflict = self.run.monitor(self.module_, self.criterion_, batch)
        self.history.record("gradient_norm_by_task", norms)
        self.history.record("gradient_cosine", cosine)
        self.history.record("gradient_conflict", conflict)

    @torch.inference_mode()
    def _evaluate(self, held_out: HeldOutRows) -> Tensor:
        """Return the loss of every task over the held-out rows of all members."""
        self._set_training(False)
        total = weight = torch.zeros(())
        for _, (x, (targets, weights)) in held_out.chunks(self.module_.n_rows_at_once):
            logits = self.module_(x)
            values, _ = self.criterion_(logits, targets, weights)
            # The values are means over the rows of a chunk; sum them up instead.
            total = total + values.sum(dim=0) * logits.shape[1]
            weight = weight + weights.sum(dim=(0, 1))
            if self.run.rescaled is not None and self.run.rescaled.has_classes:
                self.run.rescaled.add(self.criterion_, logits, targets, weights)
        return total / weight  # NaN for a task without a held-out label

    @torch.inference_mode()
    def held_out_logits(self, held_out: HeldOutRows) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield row numbers (n_members, n), -1 for padding, and members' logits."""
        self._set_training(False)
        for index, (x, _) in held_out.chunks(self.module_.n_rows_at_once):
            yield index, self.module_(x)

    @torch.inference_mode()
    def held_out_losses(
        self, held_out: HeldOutRows
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Yield row numbers, and losses and weights (n_members, n, n_trained)."""
        self._set_training(False)
        chunks = held_out.chunks(self.module_.n_rows_at_once)
        for index, (x, (targets, weights)) in chunks:
            targets = targets.expand(len(index), -1, -1)
            losses = self.criterion_.of_labels(self.module_(x), targets)
            yield index, losses, weights.expand_as(losses)

    def logits(self, rows: Rows) -> Iterator[Tensor]:
        """Yield the logits (n_members, n, n_outputs) of consecutive rows."""
        yield from self._apply(rows, self.module_)

    def token_logits(self, rows: Rows) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the logits of consecutive texts and of their tokens.

        Shapes: -> (n_members, n, n_outputs), (n_members, n_tokens, n_outputs).
        """
        module = self.module_
        yield from self._apply(rows, lambda x: split_tokens(module(x), x))

    def represent(self, rows: Rows) -> Iterator[Tensor]:
        """Yield the shared representation (n_members, n, n_shared) of rows."""
        yield from self._apply(rows, self.module_.represent)

    def represent_task(self, rows: Rows, place: int) -> Iterator[Tensor]:
        """Yield the input (n_members, n, n_hidden) of one task's head for rows."""
        module = self.module_
        yield from self._apply(rows, lambda x: module.represent_task(x, place))

    @torch.inference_mode()
    def _apply(self, rows: Rows, function: Callable) -> Iterator[Any]:
        if self.module_.training:  # setting the mode in every module is slow
            self._set_training(False)
        n_members, size = len(self.module_.heads.weight), self.module_.n_rows_at_once
        for start in range(0, rows.n_rows, size):
            x = rows.span(start, min(start + size, rows.n_rows))
            yield function(x.expand(n_members, *x.shape[1:]))

    @property
    def _has_batch_listener(self) -> bool:
        return any(
            getattr(type(callback), hook) is not getattr(Callback, hook)
            for _, callback in self.callbacks_
            for hook in BATCH_HOOKS
        )
