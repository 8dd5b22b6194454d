"""For JupyterLab: open the notebooks, and keep an answer covered until its cell is run (custom.css).

usage: jupyter lab --config tools/lab/config.py
"""

from pathlib import Path

here = Path(__file__).resolve().parent
c = get_config()  # noqa: F821 (Jupyter defines it)
c.ServerApp.root_dir = str(here.parents[1] / "notebooks")
c.LabApp.custom_css = True
c.ServerApp.tornado_settings = {"static_custom_path": [str(here)]}
