"""Names, specs and objects of torchjd."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone

from sklearn_mtl import balancing
from sklearn_mtl.balancing import DWA, METHODS, Uncertainty, UPGrad, read_balancing
from sklearn_mtl.balancing.aggregators._torchjd import (
    TorchJDAggregator,
    TorchJDScalarizer,
)
from tests.balancing.cases import generators, gramian


@pytest.mark.parametrize("name", METHODS)
def test_a_name_is_its_file_and_can_be_read_cloned_and_pickled(name):
    method = read_balancing(name, "me")
    assert type(method).__module__.split(".")[-1] == f"_{name}"
    assert type(method).__name__ in balancing.__all__
    assert type(clone(method)) is type(method)
    assert pickle.loads(pickle.dumps(method)).get_params() == method.get_params()


def test_what_is_no_method_is_refused():
    with pytest.raises(ValueError, match=r"me: balancing 'best' is unknown; allowed"):
        read_balancing("best", "me")
    with pytest.raises(TypeError, match="me: balancing must be a name"):
        read_balancing(3, "me")
    with pytest.raises(TypeError, match="me: balancing must be a name"):
        read_balancing(UPGrad, "me")


@pytest.mark.parametrize(
    "method", [DWA(temperature=0.0), Uncertainty(lr=-1.0), balancing.STCH(mu=0)]
)
def test_wrong_parameters_are_refused(method):
    with pytest.raises(ValueError, match="must be"):
        read_balancing(method, "me")


class TestTorchJD:
    """Objects of torchjd as they are."""

    aggregation = staticmethod(lambda: pytest.importorskip("torchjd.aggregation"))
    scalarization = staticmethod(lambda: pytest.importorskip("torchjd.scalarization"))

    @pytest.mark.parametrize("name", ["IMTLG", "AlignedMTL", "MGDA", "Mean", "Sum"])
    @pytest.mark.parametrize("suffix", ["", "Weighting"])
    def test_the_weights_are_torchjds(self, name, suffix):
        torchjd = self.aggregation()
        J = torch.randn(4, 9, generator=generators()[0], dtype=torch.double)
        method = read_balancing(getattr(torchjd, name + suffix)(), "me")
        assert isinstance(method, TorchJDAggregator)
        found = method.weigh(J @ J.T, generators=generators())
        torch.testing.assert_close(found @ J, getattr(torchjd, name)()(J))

    def test_a_preference_keeps_to_the_tasks_that_are_there(self):
        torchjd = self.aggregation()
        preference = torch.tensor([1.0, 2.0, 3.0], dtype=torch.double)
        method = read_balancing(torchjd.AlignedMTLWeighting(preference), "me")
        G = gramian(2)
        step = balancing.StepGramian(
            G.numpy()[None],
            np.ones(2),
            members=np.array([0]),
            tasks=np.array([0, 2]),
        )
        expected = torchjd.AlignedMTLWeighting(preference[[0, 2]])(G)
        found = method.weigh_arrays(step, method.init_state(1, 3))[0]
        torch.testing.assert_close(torch.as_tensor(found), expected)

    def test_the_global_generator_is_left_alone(self):
        torchjd = self.aggregation()
        method = read_balancing(torchjd.PCGradWeighting(), "me")
        before = torch.random.get_rng_state()
        G = gramian(6, 4)
        first = method.weigh(G, generators=generators())
        again = method.weigh(G, generators=generators())
        assert torch.equal(torch.random.get_rng_state(), before)
        assert torch.equal(first, again)

    def test_what_needs_more_than_inner_products_is_refused(self):
        with pytest.raises(TypeError, match="GradDrop of torchjd cannot be used"):
            read_balancing(self.aggregation().GradDrop(), "me")

    def test_scalarizers_keep_a_copy_for_each_member(self):
        method = read_balancing(self.scalarization().UW(3), "me")
        assert isinstance(method, TorchJDScalarizer)
        state = method.init_state(2, 3)
        losses = torch.tensor([[0.1, 1.0, 2.0], [2.0, 1.0, 0.1]])
        ours = Uncertainty()
        our_state = ours.init_state(2, 3)
        for _ in range(5):
            step = balancing.StepLosses.of(losses, lr=0.1)
            found = method.weigh(step, state)
            torch.testing.assert_close(found, ours.weigh(step, our_state))
        assert (method.source.log_var == 0).all()

    def test_famo_needs_the_loss_after_the_step(self):
        method = read_balancing(self.scalarization().FAMO(2), "me")
        assert method.needs_post_step_loss
        ours, losses = balancing.FAMO(), torch.tensor([[0.4, 0.5]])
        state, our_state = method.init_state(1, 2), ours.init_state(1, 2)
        step = balancing.StepLosses.of(losses)
        for _ in range(3):
            torch.testing.assert_close(
                method.weigh(step, state), ours.weigh(step, our_state)
            )
            for one, its_state in ((method, state), (ours, our_state)):
                one.use_post_step_loss(
                    step, losses * torch.tensor([[0.5, 0.9]]), its_state
                )

    def test_dwa_hears_of_the_end_of_an_epoch(self):
        method = read_balancing(self.scalarization().DWA(), "me")
        ours = DWA()
        state, our_state = method.init_state(1, 2), ours.init_state(1, 2)
        for losses in ([1.0, 1.0], [0.5, 1.0], [0.4, 0.3]):
            step = balancing.StepLosses.of(torch.tensor([losses]))
            torch.testing.assert_close(
                method.weigh(step, state), ours.weigh(step, our_state)
            )
            method.end_epoch(step.losses, state)
            ours.end_epoch(step.losses, our_state)
