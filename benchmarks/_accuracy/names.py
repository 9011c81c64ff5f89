"""Names of the models in the tables."""

FOUR = ("linear", "forest", "histgb", "lightgbm")
STACKED = ("linear", "forest", "histgb")
SHARED = ("catboost_multi", "xgboost_multi", "chains")  # one model of all tasks
# additional requirements of each model
PACKAGES = {
    "catboost": "catboost",
    "catboost_multi": "catboost",
    "realmlp": "pytabkit",
    "tabm": "pytabkit",
}
PEERS = (
    *(*FOUR, "xgboost", "mlp", "stacking", "extratrees"),
    *("catboost", "realmlp", "tabm", *SHARED),
)
# Models of `--short`: every other model takes longer than these together.
SHORT = (*FOUR, "extratrees", "catboost", "xgboost_multi", "net", "blend")
OURS = ("net", "twin", "blend", "distilled")
RIVALS = (*FOUR, "xgboost", "mlp")  # models ranked together with one of ours
