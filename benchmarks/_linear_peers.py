"""Time the linear models of other packages in their own environment.

    python benchmarks/_linear_peers.py in.npz out.npz

Their pinned versions conflict with ours, so `make bench` gives them a separate
environment, and this file imports nothing of sklearn_mtl. Each tolerance is a run;
benchmarks.linear selects the one that reaches the gap.
"""

import sys
import time
import warnings

import numpy as np


def clock(function, repeats):
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        out = function()
        best = min(best, time.process_time() - start)
    return best, out


def celer(X, Y, alphas):
    from celer.homotopy import mtl_path

    F, G = np.asfortranarray(X), np.asfortranarray(Y)
    for tol in (1e-6, 1e-8):

        def fit(tol=tol):
            return mtl_path(F, G, alphas=alphas, tol=tol)[1].transpose(2, 1, 0)

        yield f"celer tol={tol:g}", fit


def adelie(X, Y, alphas):
    import adelie as ad

    F, n_tasks = np.asfortranarray(X), Y.shape[1]
    options = {"intercept": False, "early_exit": False, "progress_bar": False}
    for tol in (1e-8, 1e-10, 1e-12):

        def fit(tol=tol):
            found = ad.grpnet(
                X=ad.matrix.dense(F, method="naive", n_threads=1),
                glm=ad.glm.multigaussian(y=np.ascontiguousarray(Y)),
                # Its loss is the mean over tasks; groups are weighted by root size.
                lmda_path=alphas / n_tasks**1.5,
                tol=tol,
                **options,
            )
            return found.betas.toarray().reshape(len(alphas), -1, n_tasks)

        yield f"adelie tol={tol:g}", fit


def adelie_covariance(X, Y, alphas):
    import adelie as ad

    if X.shape[1] * Y.shape[1] > 2000:  # it needs the dense Gram matrix of all pairs
        return
    n_tasks = Y.shape[1]
    for tol in (1e-7, 1e-8, 1e-10):

        def fit(tol=tol):
            A = np.asfortranarray(np.kron(X.T @ X / len(X), np.eye(n_tasks)))
            found = ad.gaussian_cov(
                A=A,
                v=(X.T @ Y / len(X)).ravel(),
                groups=np.arange(0, len(A), n_tasks),
                penalty=np.ones(X.shape[1]),
                lmda_path=alphas,
                tol=tol,
                early_exit=False,
                progress_bar=False,
            )
            return found.betas.toarray().reshape(len(alphas), -1, n_tasks)

        yield f"adelie cov tol={tol:g}", fit


def skglm(X, Y, alphas):
    from skglm.datafits import QuadraticMultiTask
    from skglm.penalties import L2_1
    from skglm.solvers import MultiTaskBCD

    F, G = np.asfortranarray(X), np.asfortranarray(Y)
    for tol in (1e-5, 1e-7):

        def fit(tol=tol):
            datafit, penalty = QuadraticMultiTask(), L2_1(1.0)
            datafit.initialize(F, G)
            solver = MultiTaskBCD(tol=tol, fit_intercept=False, warm_start=True)
            coefs = solver.path(F, G, datafit, penalty, alphas)[1]
            return np.asarray(coefs).transpose(2, 1, 0)

        fit()  # compiles
        yield f"skglm tol={tol:g}", fit


def adelie_logistic(X, codes, alphas):
    import adelie as ad

    n_samples, n_tasks = codes.shape
    ones = np.asfortranarray(np.hstack([np.ones((n_samples, 1)), X]))
    penalty = np.ones(ones.shape[1])
    penalty[0] = 0.0  # a column of ones for the intercepts
    for tol in (1e-8, 1e-10, 1e-12):

        def fit(tol=tol):
            rows = ad.matrix.dense(ones, method="naive", n_threads=1)
            found = ad.grpnet(
                X=ad.matrix.kronecker_eye(rows, n_tasks, n_threads=1),
                glm=ad.glm.binomial(np.ascontiguousarray(codes).ravel()),
                groups=np.arange(0, ones.shape[1] * n_tasks, n_tasks),
                penalty=penalty,
                lmda_path=alphas / n_tasks,
                tol=tol,
                irls_tol=tol,
                intercept=False,
                early_exit=False,
                progress_bar=False,
            )
            return found.betas.toarray().reshape(len(alphas), -1, n_tasks)[:, 1:]

        yield f"adelie tol={tol:g}", fit


def mutar(X, Y, alphas):
    from mutar import GroupLasso

    for tol in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7):

        def fit(tol=tol):
            model = GroupLasso(alpha=float(alphas[0]), tol=tol, max_iter=20000)
            return model.fit(X, Y).coef_[None]

        yield f"mutar tol={tol:g}", fit


PEERS = {
    "path": (celer, adelie, adelie_covariance, skglm),
    "logistic": (adelie_logistic,),
    "own": (mutar,),
}


def main():
    warnings.simplefilter("ignore")
    given, out = np.load(sys.argv[1]), {}
    X, Y, alphas = given["X"], given["Y"], given["alphas"]
    for peer in PEERS[str(given["problem"])]:
        try:
            for name, fit in peer(X, Y, alphas):
                seconds, coefs = clock(fit, int(given["repeats"]))
                out[f"{name}|seconds"], out[f"{name}|coefs"] = seconds, coefs
        except ImportError as error:
            print(f"{peer.__name__}: {error}", file=sys.stderr)
    np.savez(sys.argv[2], **out)


if __name__ == "__main__":
    main()
