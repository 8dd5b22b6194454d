"""What the lessons draw, one module for each: nb01.py holds the figures of lesson 01."""
