"""Write the state of a training after every epoch, and go on from it after a crash."""
