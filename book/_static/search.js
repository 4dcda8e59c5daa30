/* The search finds words that every object of JavaScript has, such as "constructor", only where they
   stand. Excerpts of the pages that it finds: from their text, and not from the list of headings that
   is there for paper; and none in a folder, where a browser lets no page read another. */
document.addEventListener("DOMContentLoaded", () => {
  if (typeof Search === "undefined") return;
  const bare = { __proto__: null, hasOwnProperty: Object.prototype.hasOwnProperty }; // it asks for this one
  for (const words of ["terms", "titleterms"]) Object.setPrototypeOf(Search._index[words], bare);
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
  const textOf = Search.htmlToText;
  Search.htmlToText = (html, anchor) => {
    const plain = html.replace(/<(style|script)\b[^]*?<\/\1>/g, ""); // this page may not apply them
    const page = new DOMParser().parseFromString(plain, "text/html");
    for (const one of page.querySelectorAll("#jb-print-docs-body, .cell_input")) one.remove();
    return textOf(page.documentElement.outerHTML, anchor);
  };
});
