"""Addition and removal of tasks and classes of a fitted net."""
