"""The whole book from the pages of the site: one PDF, for paper, and one e-book."""
