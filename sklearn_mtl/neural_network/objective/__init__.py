"""Objective of a net: balancing, regularisers, task relations and schedules."""
