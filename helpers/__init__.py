"""The finished code behind the notebooks of "From Text to Tensors", one module for each."""
