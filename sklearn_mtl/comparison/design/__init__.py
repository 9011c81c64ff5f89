"""What is compared: data, tasks, models, splits and scores."""
