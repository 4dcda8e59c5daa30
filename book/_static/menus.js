/* The buttons for the chapters and for the contents of a page, and those that copy code. The theme's scripts bind to the first
   of each kind, which stands in a header that is not shown: hand every click on to it. */
document.addEventListener("DOMContentLoaded", () => {
  for (const kind of ["primary", "secondary"]) {
    const bound = document.querySelector(`#pst-header .${kind}-toggle`);
    for (const seen of document.querySelectorAll(`.btn.${kind}-toggle`)) {
      seen.addEventListener("click", () => bound?.click());
    }
  }
  // The title of its picture is no name to WebKit.
  for (const copy of document.querySelectorAll(".copybtn")) copy.setAttribute("aria-label", "Copy");
});
