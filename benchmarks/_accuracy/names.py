"""Names of the models in the tables."""

FOUR = ("linear", "forest", "histgb", "lightgbm")
STACKED = ("linear", "forest", "histgb")
PEERS = (*FOUR, "xgboost", "mlp", "stacking")
OURS = ("net", "twin", "blend", "distilled")
RIVALS = (*FOUR, "xgboost", "mlp")  # among which a model of ours is ranked
