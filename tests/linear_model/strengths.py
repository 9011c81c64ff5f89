"""Which alpha a penalty takes."""


def strength(penalty, alpha):
    """Return alpha, or None for what takes no number."""
    return None if penalty in ("empirical_bayes", None) else alpha
