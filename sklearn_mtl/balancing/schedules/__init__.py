"""Task schedules: choice of the tasks that are trained in a step."""
