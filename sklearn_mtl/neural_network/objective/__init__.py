"""What is minimised: balancing, regularisers, relations and turns."""
