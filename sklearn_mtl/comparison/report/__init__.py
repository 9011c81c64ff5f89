"""Reports of a comparison as text, HTML, LaTeX and JSON."""
