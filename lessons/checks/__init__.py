"""The checks of the exercises, one module for each notebook: nb01.py holds those of notebook 01."""
