"""Lesson 09's questions, figures, stored tables, and the formulas behind its exercises."""
