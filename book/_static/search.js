/* Excerpts of the pages that a search finds: from their text, and not from the list of headings that
   is there for paper; and none in a folder, where a browser lets no page read another. */
document.addEventListener("DOMContentLoaded", () => {
  if (typeof Search === "undefined") return;
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
  const textOf = Search.htmlToText;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const one of page.querySelectorAll("#jb-print-docs-body, .cell_input")) one.remove();
    return textOf(page.documentElement.outerHTML, anchor);
  };
});
