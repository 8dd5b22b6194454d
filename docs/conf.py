"""Settings of the site. tools/make_site.py prepares the folder that Sphinx reads, and calls Sphinx."""

import os
import re
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from sphinx.search.en import SearchEnglish

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

project = "From Text to Tensors"
extensions = ["myst_nb", "sphinx.ext.autodoc"]
suppress_warnings = ["toc.not_included"]  # pages that others link to
root_doc = "index"
html_title = project
html_theme = "sphinx_book_theme"
html_copy_source = False
html_use_index = False
html_domain_indices = False
html_context = {"default_mode": "auto"}  # light or dark as the browser is
code = ["tests/**", "lessons/**", "notebooks/solutions/**"]  # pages that only show a file
html_sidebars = {pattern: [] for pattern in code}

# The notebooks: outputs as stored, and links as on GitHub
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
myst_links_external_new_tab = False

# The reference, from docstrings
default_role = "code"
autodoc_mock_imports = ["sklearn"]  # it takes seconds, and no docstring shows it
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
add_module_names = False


def as_written(app, what, name, obj, options, lines: list[str]) -> None:
    """Let | and * in a docstring be just that, but for its examples; only `code` and *word* are markup."""
    example = False
    for n, line in enumerate(lines):
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        if not example:
            lines[n] = re.sub(
                r"(`[^`]*`|\*\w[\w -]*\*)|([|*])", lambda found: found[1] or "\\" + found[2], line
            )


SearchEnglish.stem = cache(SearchEnglish.stem)  # else it is done anew for each word of each page


def setup(app) -> None:
    app.connect("autodoc-process-docstring", as_written)


# All that a browser loads lies on the site itself. MathJax comes from the package `mathjax`.
mathjax = Path(find_spec("mathjax").origin).parent / "static" / "mathjax" / "es5" / "tex-svg.js"
templates_path = ["_templates"]
html_static_path = ["_static", str(mathjax)]
mathjax_path = "tex-svg.js"
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_favicon = "_static/favicon.svg"

html_theme_options = {
    "navbar_persistent": [],
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
# Only where the site is made for a fork on GitHub does it know its address.
if repository := os.environ.get("GITHUB_REPOSITORY"):
    address = f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}"
    html_theme_options |= {"repository_url": address, "use_repository_button": True}
