"""Text, pages and files of a comparison."""
