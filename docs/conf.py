"""Sphinx's configuration: guide, API pages made from `__all__`, gallery."""

import sys
from importlib.util import find_spec
from pathlib import Path

import sklearn_mtl

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

project = "sklearn_mtl"
author = copyright = "sklearn_mtl developers"
version = release = sklearn_mtl.__version__

extensions = [
    "api_pages",
    "numpydoc",
    "offline_check",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "sg_execution_times.rst"]
templates_path = ["_templates"]
default_role = "code"
nitpicky = False

autodoc_typehints = "none"  # numpydoc's sections say the types in words
numpydoc_show_class_members = False  # the class template lists them once
numpydoc_xref_param_type = False

suppress_warnings = [
    "ref.citation",  # a docstring may name a source that its text does not cite
    "config.cache",  # sphinx-gallery keeps functions in its configuration
]

sphinx_gallery_conf = {
    "examples_dirs": str(HERE.parent / "examples"),
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "remove_config_comments": True,  # such as the path of a card's picture
    "show_memory": False,
    "write_computation_times": False,
}

toc_object_entries_show_parents = "hide"  # their names would be cut off
html_theme = "pydata_sphinx_theme"
html_theme_options = {
    "logo": {"text": "sklearn_mtl"},
    "navigation_with_keys": False,
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
}
html_show_sourcelink = False

# One file of MathJax is copied into the pages, so that formulas need no network.
# The SVG output needs no fonts. The package's own extension would copy 24 MB.
MATHJAX = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
html_static_path = ["_static", str(MATHJAX / "tex-svg.js")]
html_css_files = ["custom.css"]
mathjax_path = "tex-svg.js"
