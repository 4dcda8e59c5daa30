/* The buttons for the chapters and for the contents of a page. The theme's scripts bind to the first
   of each kind, which stands in a header that is not shown: hand every click on to it. */
document.addEventListener("DOMContentLoaded", () => {
  for (const kind of ["primary", "secondary"]) {
    const bound = document.querySelector(`#pst-header .${kind}-toggle`);
    for (const seen of document.querySelectorAll(`.btn.${kind}-toggle`)) {
      seen.addEventListener("click", () => bound?.click());
    }
  }
});
