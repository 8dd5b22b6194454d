"""What the pages need and the subject does not: figures, things to touch, checks that answer the learner."""
